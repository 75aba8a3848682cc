"""The phantom: repeatable, never twice the same, well labelled, contrasts as in real scans."""

from __future__ import annotations

import itertools
import sys
from collections.abc import Iterator

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from scipy import ndimage

from shaspec.case import Case
from shaspec.errors import InputError
from shaspec.phantom import atlas, make_case
from shaspec.phantom.fields import Lattice, blur_matrix, noise, slice_matrix

pytestmark = pytest.mark.slow  # simulates scans

SHAPE, SPACING = (52, 80, 80), (3.0, 3.0, 3.0)
SEEDS = range(6)


@pytest.fixture(scope="module")
def cases() -> list[Case]:
    pytest.importorskip("nilearn", reason="the MNI152 head needs nilearn")
    return [make_case(seed, SHAPE, SPACING) for seed in SEEDS]


@pytest.fixture
def no_nilearn(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    atlas.mni_atlas.cache_clear()
    monkeypatch.setitem(sys.modules, "nilearn", None)
    yield
    atlas.mni_atlas.cache_clear()


def mean(case: Case, modality: str, where: np.ndarray) -> float:
    return float(case.volumes[modality][where].mean())


def healthy(case: Case) -> np.ndarray:
    """Brain well away from the tumour and from the surface."""
    assert case.labels is not None
    brain = ndimage.binary_erosion(case.volumes["T1"] > 0, iterations=3)
    return brain & ~ndimage.binary_dilation(case.labels > 0, iterations=3)


def test_the_same_seed_gives_the_same_bytes() -> None:
    first, again = (make_case(7, (20, 28, 26), (8, 7, 7)) for _ in range(2))
    assert first.labels is not None
    assert again.labels is not None
    assert first.labels.tobytes() == again.labels.tobytes()
    for name in first.volumes:
        assert first.volumes[name].tobytes() == again.volumes[name].tobytes()


def test_different_seeds_give_different_heads_and_tumours(cases: list[Case]) -> None:
    for one, other in itertools.pairwise(cases):
        assert (one.labels != other.labels).any()
        assert ((one.volumes["T1"] > 0) != (other.volumes["T1"] > 0)).mean() > 0.005


def test_a_case_is_shaped_like_a_brats_case(cases: list[Case]) -> None:
    for seed, case in zip(SEEDS, cases, strict=True):
        assert case.name == f"phantom-{seed}"
        assert case.present == ("FLAIR", "T1", "T1ce", "T2")
        assert case.grid.shape == SHAPE
        assert case.grid.spacing == SPACING
        assert case.notices == ()
        for volume in case.volumes.values():
            assert volume.dtype == np.int16
            assert volume.min() == 0


def test_the_modalities_are_registered_and_the_brain_has_its_natural_size(
    cases: list[Case],
) -> None:
    for case in cases:
        brain = case.volumes["T1"] > 0
        for volume in case.volumes.values():
            np.testing.assert_array_equal(volume > 0, brain)
        assert 1000 < brain.sum() * case.grid.voxel_ml < 2000
        assert not brain[:, [0, -1]].any()
        assert not brain[:, :, [0, -1]].any()


def test_the_labels_are_brats_codes_inside_the_brain(cases: list[Case]) -> None:
    for case in cases:
        assert case.labels is not None
        assert case.labels.dtype == np.uint8
        assert set(np.unique(case.labels)) <= {0, 1, 2, 4}
        assert (case.volumes["T1"][case.labels > 0] > 0).all()
        assert 4 < (case.labels > 0).sum() * case.grid.voxel_ml < 210


def test_the_core_lies_in_the_whole_tumour_and_touches_the_oedema(cases: list[Case]) -> None:
    for case in cases:
        assert case.labels is not None
        enhancing, whole, core = case.task.region_masks(case.labels)
        assert not (enhancing & ~core).any()
        assert not (core & ~whole).any()
        if (core.sum() > 20) and (case.labels == 2).sum() > 20:
            assert (ndimage.binary_dilation(core) & (case.labels == 2)).any()


def test_the_oedema_is_bright_in_flair_and_t2(cases: list[Case]) -> None:
    for case in cases:
        assert case.labels is not None
        oedema = case.labels == 2
        for name in ("FLAIR", "T2"):
            ordinary = float(np.median(case.volumes[name][healthy(case)]))
            assert mean(case, name, oedema) > ordinary


def test_an_enhancing_tumour_is_bright_in_t1ce(cases: list[Case]) -> None:
    seen = 0
    for case in cases:
        assert case.labels is not None
        enhancing = case.labels == 4
        if enhancing.sum() > 20:
            seen += 1
            assert mean(case, "T1ce", enhancing) > mean(case, "T1ce", healthy(case))
    assert 0 < seen < len(cases)  # some gliomas do not enhance


def test_fluid_is_dark_in_t1_and_bright_in_t2(cases: list[Case]) -> None:
    for case in cases:
        where = healthy(case)
        t1, t2 = (case.volumes[name][where].astype(float) for name in ("T1", "T2"))
        fluid = t2 > np.percentile(t2, 98)
        assert t1[fluid].mean() < t1[~fluid].mean()


def test_a_grid_too_small_for_a_head_holds_a_smaller_one() -> None:
    doll, coarse = (make_case(3, (30, 40, 32), (v, v, v)) for v in (1.0, 4.0))
    assert doll.labels is not None
    assert (doll.labels > 0).any()
    assert (doll.labels == coarse.labels).mean() > 0.999  # the same head, seen the same way
    assert doll.grid.spacing != coarse.grid.spacing


@settings(max_examples=12, deadline=None)
@given(
    seed=st.integers(0, 2**32),
    shape=st.tuples(*[st.integers(8, 40)] * 3),
    spacing=st.tuples(*[st.floats(0.5, 9)] * 3),
)
@example(0, (8, 8, 8), (4.0, 1.0, 0.5))  # voxels of 160 mm would miss the head
@pytest.mark.slow
def test_any_shape_and_voxel_size_gives_a_whole_case(
    seed: int, shape: tuple[int, int, int], spacing: tuple[float, float, float]
) -> None:
    case = make_case(seed, shape, spacing)
    assert case.labels is not None
    assert case.grid.shape == shape
    assert set(np.unique(case.labels)) <= {0, 1, 2, 4}
    assert all((volume > 0).any() for volume in case.volumes.values())
    assert (case.labels > 0).any()


@pytest.mark.usefixtures("no_nilearn")
def test_without_nilearn_an_analytic_head_is_used_with_a_notice() -> None:
    case = make_case(1, (40, 60, 60), (4, 4, 4))
    assert case.notices == (atlas.ANALYTIC_NOTICE,)
    assert case.labels is not None
    assert (case.labels > 0).any()
    assert 800 < (case.volumes["T1"] > 0).sum() * case.grid.voxel_ml < 2200


@pytest.mark.parametrize(
    ("shape", "spacing", "task", "words"),
    [
        ((4, 40, 40), (1, 1, 1), "brats", "at least 8 voxels"),
        ((40, 40), (1, 1, 1), "brats", "three axes"),
        ((40, 40, 40), (1, 0, 1), "brats", "voxel size"),
        ((40, 40, 40), (1, float("nan"), 1), "brats", "voxel size"),
        ((40, 40, 40), (1, 1, 1), "liver", "no phantom for task 'liver'"),
    ],
)
def test_a_shape_too_small_for_a_phantom_is_refused(
    shape: tuple[int, int, int], spacing: tuple[float, float, float], task: str, words: str
) -> None:
    with pytest.raises(InputError, match=words):
        make_case(0, shape, spacing, task)


@given(n=st.integers(2, 40), sigma=st.floats(0, 4), thickness=st.floats(1, 9))
def test_blurs_and_thick_slices_keep_a_constant(n: int, sigma: float, thickness: float) -> None:
    ones = np.ones(n, np.float32)
    np.testing.assert_allclose(blur_matrix(n, sigma) @ ones, ones, atol=1e-5)
    np.testing.assert_allclose(slice_matrix(n, thickness, 0.3) @ ones, ones, atol=1e-5)


@given(shape=st.tuples(*[st.integers(2, 20)] * 3), step=st.floats(1, 30))
def test_splines_keep_straight_lines(shape: tuple[int, int, int], step: float) -> None:
    lattice = Lattice(shape, (1.0, 1.5, 2.0), step)
    points = np.broadcast_to(lattice.positions(1)[None, :, None], lattice.nodes)
    expected = np.broadcast_to(1.5 * np.arange(shape[1])[None, :, None], shape)
    np.testing.assert_allclose(lattice.upsample(points), expected, atol=1e-3)


@pytest.mark.parametrize("scale", [1.0, 4.0, 9.0])
def test_noise_has_unit_spread_at_every_scale(scale: float) -> None:
    field = noise(np.random.default_rng(0), (60, 60, 60), (1.0, 1.0, 1.0), scale)
    assert field.std() == pytest.approx(1, rel=0.15)
