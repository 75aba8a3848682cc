"""Tumour transplant: labels of another case appear, with their intensities, only inside tissue."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shaspec.training.config import make_config
from shaspec.training.data import Crops
from shaspec.training.prepared import PreparedCase
from shaspec.training.transplant import transplant

SHAPE = (20, 22, 18)
MIDDLE = tuple(slice(5, n - 5) for n in SHAPE)
LESION = 7  # intensity of the donor's lesion; its other tissue is 2


def donor_case(
    folder: Path, lesion: tuple[slice, ...] | None, available: tuple[bool, ...] = (True, True)
) -> PreparedCase:
    """A case of two modalities with one lesion of label 4 with a core of label 1."""
    folder.mkdir()
    images = np.full((2, *SHAPE), 2, np.int16)
    images[~np.array(available)] = 0
    labels = np.zeros(SHAPE, np.uint8)
    centres = {}
    if lesion is not None:
        images[(slice(None), *lesion)] = LESION
        labels[lesion] = 4
        labels[tuple(slice(s.start, s.start + 1) for s in lesion)] = 1
        centres = {"region000": np.argwhere(labels > 0).astype(np.int32)}
    np.save(folder / "images.npy", images)
    np.save(folder / "labels.npy", labels)
    np.savez(folder / "centres.npz", **centres)  # type: ignore[arg-type]
    facts = {"available": list(available), "scales": [1.0, 0.5], "fingerprints": {}}
    (folder / "facts.json").write_text(json.dumps(facts))
    return PreparedCase(folder.name, phantom=False, folder=folder)


def recipient(seed: int) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.uint8]]:
    """A head of tissue 1 with some background in it, without labels."""
    rng = np.random.default_rng(seed)
    images = np.ones((2, *SHAPE), np.float32)
    images[:, rng.random(SHAPE) < 0.2] = 0
    return images, np.zeros(SHAPE, np.uint8)


@pytest.fixture(scope="module")
def donor(tmp_path_factory: pytest.TempPathFactory) -> PreparedCase:
    folder = tmp_path_factory.mktemp("cases") / "donor"
    return donor_case(folder, (slice(3, 8), slice(10, 14), slice(2, 9)))


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 10_000))
def test_pasted_labels_have_the_intensities_of_the_donor_and_lie_in_tissue(
    donor: PreparedCase, seed: int
) -> None:
    images, labels = recipient(seed)
    before = images.copy()
    transplant(images, labels, donor, MIDDLE, np.random.default_rng(seed))
    assert set(np.unique(labels)) <= {0, 1, 4}
    assert (labels == 4).any()
    assert (before[0][labels > 0] != 0).all()
    assert np.allclose(images[0][labels > 0], LESION)
    assert np.allclose(images[1][labels > 0], LESION / 2)  # by its own scale
    np.testing.assert_array_equal(images == 0, before == 0)


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 10_000))
def test_nothing_changes_far_from_the_pasted_labels(donor: PreparedCase, seed: int) -> None:
    images, labels = recipient(seed)
    before = images.copy()
    transplant(images, labels, donor, MIDDLE, np.random.default_rng(seed))
    changed = np.argwhere((images != before).any(axis=0))
    lesion = np.array([5, 4, 7])  # size of the donor's lesion
    assert (np.ptp(changed, axis=0) < lesion + 6).all()


def test_a_donor_without_labels_and_a_window_without_tissue_change_nothing(
    tmp_path: Path, donor: PreparedCase
) -> None:
    rng = np.random.default_rng(0)
    images, labels = recipient(0)
    before = images.copy()
    transplant(images, labels, donor_case(tmp_path / "healthy", None), MIDDLE, rng)
    np.testing.assert_array_equal(images, before)
    images[:] = 0
    transplant(images, labels, donor, MIDDLE, rng)
    assert not images.any()
    assert not labels.any()


def crops(cases: list[PreparedCase], share: float) -> Crops:
    values = {"out": "o", "max_steps": 1, "phantoms": 1, "crop": (16, 16, 16), "transplant": share}
    return Crops(cases, make_config(values))


def test_the_setting_is_the_share_of_samples_with_a_transplant(
    tmp_path: Path, donor: PreparedCase
) -> None:
    healthy = donor_case(tmp_path / "healthy", None)
    never, always = crops([healthy, donor], 0.0), crops([healthy, donor], 1.0)
    plain = [never[i][1] for i in range(20)]
    pasted = [always[i][1] for i in range(20)]
    of_healthy = [k for k, labels in enumerate(plain) if not labels.any()]
    assert of_healthy
    assert all(pasted[k].any() for k in of_healthy)


def test_a_donor_that_lacks_a_modality_of_the_case_is_not_used(tmp_path: Path) -> None:
    healthy = donor_case(tmp_path / "healthy", None)
    partial = donor_case(
        tmp_path / "partial", (slice(8, 12), slice(8, 12), slice(8, 12)), (True, False)
    )
    samples = crops([healthy, partial], 1.0)
    for index in range(20):
        image, labels, available = samples[index]
        if available.all():
            assert not labels.any()
        assert image[available].any()
