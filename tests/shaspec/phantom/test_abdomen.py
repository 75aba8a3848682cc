"""The abdomen: repeatable, in Hounsfield units of its phases, tumours seen in one phase or both."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import ndimage

from shaspec.case import Case
from shaspec.errors import InputError
from shaspec.io import read_case, write_case
from shaspec.phantom import make_case
from shaspec.phantom.abdomen import Patient, draw_patient
from shaspec.phantom.ct import shift_matrix
from shaspec.phantom.lesions import Disease
from shaspec.phantom.liver import murray
from shaspec.phantom.solids import Place
from shaspec.phantom.window import Window

pytestmark = pytest.mark.slow  # simulates scans

SHAPE, SPACING = (60, 68, 96), (4.0, 4.0, 4.0)
SEEDS = (0, 3, 6, 10, 15)  # both diseases, seen in both phases and in one


class Made(NamedTuple):
    case: Case
    patient: Patient

    def hounsfield(self, tissue: str) -> tuple[float, float]:
        """Medians in the two phases, well inside the tissue where there is an inside."""
        where = self.patient.painting.covered(tissue)
        inner = ndimage.binary_erosion(where)
        where = inner if inner.sum() > 20 else where
        arterial, venous = (np.median(v[where]) for v in self.case.volumes.values())
        return float(arterial), float(venous)


@pytest.fixture(scope="module")
def made() -> list[Made]:
    return [
        Made(make_case(seed, SHAPE, SPACING, "liver-ct"), draw_patient(seed, SHAPE, SPACING))
        for seed in SEEDS
    ]


def labels_of(case: Case) -> np.ndarray:
    assert case.labels is not None
    return case.labels


def test_the_same_seed_gives_the_same_bytes_and_another_one_another_patient() -> None:
    one, again, other = (
        make_case(seed, (20, 24, 32), (12, 12, 12), "liver-ct") for seed in (7, 7, 8)
    )
    assert labels_of(one).tobytes() == labels_of(again).tobytes()
    assert labels_of(one).tobytes() != labels_of(other).tobytes()
    for name, volume in one.volumes.items():
        assert volume.tobytes() == again.volumes[name].tobytes()
        assert volume.tobytes() != other.volumes[name].tobytes()


def test_a_case_is_two_phases_in_hounsfield_units(made: list[Made]) -> None:
    for seed, (case, _) in zip(SEEDS, made, strict=True):
        assert case.name == f"phantom-{seed}"
        assert case.present == ("arterial", "venous")
        assert case.grid.shape == SHAPE
        assert case.grid.spacing == SPACING
        for volume in case.volumes.values():
            assert volume.dtype == np.int16
            assert -1024 <= volume.min() < -900
            assert 300 < volume.max() <= 3071
            assert volume[:, 0].max() < -800  # air before the body


@pytest.mark.parametrize(
    ("tissue", "arterial", "venous"),
    [
        ("artery", (210, 380), (105, 190)),
        ("liver", (30, 95), (70, 135)),
        ("spleen", (85, 165), (95, 145)),
        ("renal medulla", (35, 140), (130, 205)),
        ("muscle", (35, 75), (45, 85)),
        ("fat", (-125, -70), (-125, -70)),
        ("lung", (-930, -760), (-930, -760)),
        ("spongy bone", (90, 420), (90, 420)),
    ],
)
@pytest.mark.slow
def test_organs_have_their_hounsfield_units(
    made: list[Made], tissue: str, arterial: tuple[int, int], venous: tuple[int, int]
) -> None:
    for one in made:
        early, late = one.hounsfield(tissue)
        assert arterial[0] < early < arterial[1]
        assert venous[0] < late < venous[1]


def test_contrast_agent_reaches_the_artery_first_and_the_veins_later(made: list[Made]) -> None:
    for one in made:
        early, late = one.hounsfield("artery")
        assert early > late + 60
        for vein in ("portal vein", "hepatic vein", "liver", "cava above"):
            early, late = one.hounsfield(vein)
            assert late > early + 20


def test_a_liver_has_its_size_and_lies_on_the_right(made: list[Made]) -> None:
    for case, _ in made:
        liver = labels_of(case) > 0
        assert 800 < liver.sum() * case.grid.voxel_ml < 2300
        assert not liver[[0, -1]].any()
        middle = np.argwhere(liver).mean(axis=0) * SPACING + case.grid.origin
        assert middle[2] < -20  # L is positive: the patient's right is negative
        assert ndimage.label(liver)[1] <= 12


def test_labels_are_those_of_the_task_and_tumours_lie_in_the_liver(made: list[Made]) -> None:
    for case, _ in made:
        labels = labels_of(case)
        assert labels.dtype == np.uint8
        assert set(np.unique(labels)) == {0, 1, 2}
        around = ndimage.binary_dilation(labels == 2, iterations=2) & (labels != 2)
        assert (labels[around] == 1).mean() > 0.4
        liver, tumour = case.task.region_masks(labels)
        assert not (tumour & ~liver).any()


def test_vessels_of_the_liver_are_liver_and_the_gall_bladder_is_not(made: list[Made]) -> None:
    for case, patient in made:
        labels = labels_of(case)
        assert (labels[patient.painting.covered("hepatic vein")] > 0).all()
        assert (labels[patient.painting.covered("bile")] == 0).all()


def test_both_diseases_occur_and_so_do_tumours_that_one_phase_hides() -> None:
    drawn = [Disease.draw(np.random.default_rng(seed)) for seed in range(200)]
    assert 60 < sum(d.kind == "hcc" for d in drawn) < 140
    assert {d.hidden for d in drawn if d.kind == "hcc"} == {True, False}
    assert {d.hidden for d in drawn if d.kind == "metastases"} == {True, False}
    assert all(d.radii and min(d.radii) >= 5 and max(d.radii) <= 45 for d in drawn)


def test_a_carcinoma_is_bright_at_first_and_metastases_are_dark_later(made: list[Made]) -> None:
    for one in made:
        labels, disease = labels_of(one.case), one.patient.disease
        early, late = (
            float(np.median(v[labels == 2])) - liver
            for v, liver in zip(one.case.volumes.values(), one.hounsfield("liver"), strict=True)
        )
        if disease.kind == "hcc":
            assert early > 12
            assert late < 8
            assert disease.hidden or late < -3
        else:
            assert late < -12
            assert abs(early) < 30
    assert {one.patient.disease.kind for one in made} == {"hcc", "metastases"}


def test_one_phase_may_hide_a_tumour(made: list[Made]) -> None:
    hidden = [one for one in made if one.patient.disease.hidden]
    assert hidden
    for one in hidden:
        tumour = labels_of(one.case) == 2
        contrast = [
            abs(float(np.median(v[tumour])) - liver)
            for v, liver in zip(one.case.volumes.values(), one.hounsfield("liver"), strict=True)
        ]
        assert min(contrast) < 10 < max(contrast)


def test_the_phases_show_the_same_body(made: list[Made]) -> None:
    for case, _ in made:
        arterial, venous = (volume > -200 for volume in case.volumes.values())
        assert (arterial != venous).mean() < 0.02
        assert (case.volumes["arterial"] != case.volumes["venous"]).mean() > 0.5


@settings(max_examples=10, deadline=None)
@given(
    seed=st.integers(0, 2**32),
    shape=st.tuples(*[st.integers(8, 40)] * 3),
    spacing=st.tuples(*[st.floats(0.5, 12)] * 3),
)
def test_any_shape_and_voxel_size_gives_a_whole_case(
    seed: int, shape: tuple[int, int, int], spacing: tuple[float, float, float]
) -> None:
    if max(spacing) > 0.5 * min(np.multiply(shape, spacing)):
        with pytest.raises(InputError, match="too large for a phantom"):
            make_case(seed, shape, spacing, "liver-ct")
        return
    case = make_case(seed, shape, spacing, "liver-ct")
    assert case.grid.shape == shape
    assert case.grid.spacing == spacing
    # With voxels of a decimetre the tumour is all that there is of the liver.
    assert {0, 2} <= set(np.unique(labels_of(case))) <= {0, 1, 2}
    assert all(volume.max() > -500 for volume in case.volumes.values())


def test_voxels_that_would_miss_the_body_are_refused() -> None:
    with pytest.raises(
        InputError, match="set a smaller spacing, or more voxels along the shortest side"
    ):
        make_case(0, (8, 8, 8), (1.0, 6.0, 1.0), "liver-ct")


def test_a_grid_too_small_for_an_abdomen_holds_a_smaller_one() -> None:
    doll, coarse = (make_case(3, (30, 34, 48), (v, v, v), "liver-ct") for v in (1.0, 8.0))
    assert (labels_of(doll) == labels_of(coarse)).mean() > 0.999
    assert doll.grid.spacing != coarse.grid.spacing


def test_a_phantom_without_a_shape_is_an_ordinary_scan() -> None:
    with pytest.raises(InputError, match="no phantom for task 'heart'"):
        make_case(1, task="heart")
    with pytest.raises(InputError, match="at least 8 voxels"):
        make_case(1, (4, 40, 40), task="liver-ct")


def test_a_case_is_read_back_from_its_files(tmp_path: Path) -> None:
    case = make_case(5, (20, 24, 32), (12.0, 11.5, 12.5), "liver-ct")
    write_case(tmp_path / "p", case)
    again = read_case(tmp_path / "p", case.task)
    assert again.present == case.present
    assert again.grid.spacing == pytest.approx(case.grid.spacing)
    assert again.grid.origin == pytest.approx(case.grid.origin)
    np.testing.assert_array_equal(labels_of(again), labels_of(case))
    for name, volume in case.volumes.items():
        np.testing.assert_array_equal(again.volumes[name], volume)
    assert again.notices[-1] == "labels read as LiTS (1 liver, 2 tumour), by their values"


# -- the pieces --------------------------------------------------------------------------------


@pytest.fixture
def straight() -> Place:
    """A body that is not bent, 1 mm voxels about the origin."""
    window = Window((40, 40, 40), (1.0, 1.0, 1.0), (-19.5, -19.5, -19.5))
    lattice = window.lattice(4.0)
    axes = np.stack(np.meshgrid(*[np.arange(40) - 19.5] * 3, indexing="ij")).astype(np.float32)
    return Place(window, lattice, window.positions(lattice), axes)


def test_solids_have_their_volume(straight: Place) -> None:
    ball = straight.ellipsoid((1, -2, 3), (8, 8, 8))
    assert straight.cover(ball.depth).sum() == pytest.approx(4 / 3 * np.pi * 8**3, rel=0.02)
    egg = straight.ellipsoid((0, 0, 0), (4, 6, 12), np.eye(3)[[2, 0, 1]])
    assert straight.cover(egg.depth).sum() == pytest.approx(4 / 3 * np.pi * 4 * 6 * 12, rel=0.04)
    tube = straight.tube([(-12, 0, 0, 3), (12, 0, 0, 3)])
    expected = np.pi * 9 * 24 + 4 / 3 * np.pi * 27
    assert straight.cover(tube.depth).sum() == pytest.approx(expected, rel=0.03)


def test_a_solid_out_of_sight_takes_no_voxel(straight: Place) -> None:
    assert straight.ellipsoid((90, 0, 0), (5, 5, 5)).depth.size == 0


@given(n=st.integers(2, 30), voxels=st.floats(-2, 2))
def test_a_shift_moves_a_straight_line_and_keeps_a_constant(n: int, voxels: float) -> None:
    matrix = shift_matrix(n, voxels)
    np.testing.assert_allclose(matrix @ np.ones(n, np.float32), np.ones(n), atol=1e-6)
    line = np.arange(n, dtype=np.float32)
    np.testing.assert_allclose(matrix @ line, np.clip(line - voxels, 0, n - 1), atol=1e-4)


@given(st.lists(st.integers(0, 5), min_size=1, max_size=30))
def test_a_vessel_is_as_wide_as_murray_says(choices: list[int]) -> None:
    parent = [-1, *(min(c, k) for k, c in enumerate(choices))]
    radius = murray(parent, tip=0.5)
    for k in range(len(parent)):
        children = [radius[j] for j in range(len(parent)) if parent[j] == k]
        expected = np.cbrt(sum(r**3 for r in children)) if children else 0.5
        assert radius[k] == pytest.approx(expected)
