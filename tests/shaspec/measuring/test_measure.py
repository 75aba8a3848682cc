"""Lesions and their diameters: what holds for every label map, and shapes of known size."""

from __future__ import annotations

import csv
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from shaspec.errors import InputError
from shaspec.geometry import Grid
from shaspec.measuring import Measurements, measure, measurement_rows, write_measurements
from shaspec.prediction import Prediction
from shaspec.task import load_task

TASK = load_task("brats")
masks = arrays(bool, (4, 5, 6))
spacings = st.tuples(*[st.sampled_from([0.7, 1.0, 2.5])] * 3)


def of(labels: np.ndarray, grid: Grid | None = None) -> Prediction:
    grid = grid or Grid(labels.shape, (1.0,) * labels.ndim)
    return Prediction("anna", TASK, grid, ("T1ce",), labels.astype(np.uint8), {})


def measured(mask: np.ndarray, grid: Grid | None = None) -> Measurements:
    return measure(of(4 * mask.astype(np.uint8), grid), "ET", smallest=0.0)


def lengths(found: Measurements) -> list[tuple[float, float]]:
    pairs = [(lesion.longest.length, lesion.perpendicular.length) for lesion in found.lesions]
    return sorted((round(a, 4), round(b, 4)) for a, b in pairs)


def oblique(shape: tuple[int, ...], spacing: tuple[float, ...], angles: tuple[float, ...]) -> Grid:
    """A grid whose file is turned about the axes L and S, with sheared axes if there is a third."""
    a, b, shear = (*angles, 0.0)[:3]
    about_l = [[1, 0, 0], [0, math.cos(a), -math.sin(a)], [0, math.sin(a), math.cos(a)]]
    about_s = [[math.cos(b), -math.sin(b), 0], [math.sin(b), math.cos(b), 0], [0, 0, 1]]
    slanted = [[1, shear, 0], [0, 1, 0], [0, 0, 1]]
    affine = np.diag([1.0, 1.0, 1.0, 1.0])
    affine[:3, :3] = np.array(about_s) @ about_l @ slanted @ np.diag([-1, -1, 1])
    affine[:3, :3] *= spacing[::-1]
    return Grid.from_affine(affine, shape[::-1])


# -- for every shape -------------------------------------------------------------------------------


@given(masks, spacings, st.tuples(*[st.floats(-0.4, 0.4)] * 3))
def test_diameters_are_distances_in_space_at_a_right_angle(mask, spacing, angles):
    grid = oblique(mask.shape, spacing, angles)
    for lesion in measured(mask, grid).lesions:
        vectors = []
        for diameter in (lesion.longest, lesion.perpendicular):
            ends = grid.world(np.array(diameter.ends).T)
            vectors.append(ends[:, 1] - ends[:, 0])
            assert np.linalg.norm(vectors[-1]) == pytest.approx(diameter.length, abs=1e-4)
            assert diameter.ends[0][0] == diameter.ends[1][0] == lesion.slice
        assert abs(vectors[0] @ vectors[1]) < 1e-4 * lesion.product
        assert lesion.perpendicular.length <= lesion.longest.length + 1e-6


@given(masks, spacings)
def test_sizes_add_up_to_that_of_the_region(mask, spacing):
    found = measured(mask, Grid(mask.shape, spacing))
    assert sum(lesion.voxels for lesion in found.lesions) == mask.sum()
    assert [lesion.number for lesion in found.lesions] == [*range(1, len(found.lesions) + 1)]
    sizes = [lesion.size for lesion in found.lesions]
    assert sizes == sorted(sizes, reverse=True)
    assert sum(sizes) == pytest.approx(mask.sum() * math.prod(spacing) / 1000)


@given(masks, spacings, st.lists(st.integers(0, 2), unique=True), st.booleans())
def test_diameters_do_not_depend_on_the_directions_of_the_array(mask, spacing, flipped, swapped):
    turned = np.flip(mask, flipped)
    there = spacing
    if swapped:
        turned, there = turned.transpose(0, 2, 1), (spacing[0], spacing[2], spacing[1])
    expected = lengths(measured(mask, Grid(mask.shape, spacing)))
    found = lengths(measured(turned, Grid(turned.shape, there)))
    assert np.allclose(found, expected, atol=1e-3)


@given(arrays(bool, (1, 6, 6)), spacings)
def test_the_longest_diameter_is_that_of_the_farthest_pair(mask, spacing):
    """Points halfway to the four neighbours, wherever one of them is outside."""
    for lesion in measured(mask, Grid(mask.shape, spacing)).lesions:
        inside = np.argwhere(mask[0])
        halves = [inside + np.array(step) for step in ((0.5, 0), (-0.5, 0), (0, 0.5), (0, -0.5))]
        points = np.concatenate(halves) * spacing[1:]
        farthest = max(np.linalg.norm(points - p, axis=1).max() for p in points)
        assert lesion.longest.length <= farthest + 1e-6
        if len(measured(mask, Grid(mask.shape, spacing)).lesions) == 1:
            assert lesion.longest.length == pytest.approx(farthest)


# -- shapes of known size --------------------------------------------------------------------------


def ellipse(*radii: float, shape: tuple[int, ...] = (5, 48, 48)) -> np.ndarray:
    p, la = np.ogrid[: shape[1], : shape[2]]
    disc = ((p - 23) / radii[0]) ** 2 + ((la - 24) / radii[1]) ** 2 <= 1
    mask = np.zeros(shape, bool)
    mask[1:4] = disc
    return mask


@given(masks, spacings)
def test_lines_measured_in_parts_give_the_same_diameters(mask, spacing):
    grid = Grid(mask.shape, spacing)
    whole = lengths(measured(mask, grid))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("shaspec.measuring.diameters.LINES", 2)
        assert lengths(measured(mask, grid)) == whole


@pytest.mark.parametrize(("long", "short"), [(20, 20), (20, 9), (14, 6)])
def test_an_ellipse_has_its_axes_as_diameters(long, short):
    (lesion,) = measured(ellipse(short, long)).lesions
    assert lesion.longest.length == pytest.approx(2 * long, abs=1.0)
    assert lesion.perpendicular.length == pytest.approx(2 * short, abs=1.0)


def test_a_row_of_voxels_is_as_long_as_its_voxels():
    mask = np.zeros((1, 3, 9), bool)
    mask[0, 1, 2:7] = True
    assert lengths(measured(mask, Grid(mask.shape, (5.0, 2.0, 3.0)))) == [(15.0, 2.0)]


def test_a_ring_is_measured_from_side_to_side():
    ring = ellipse(20, 20) & ~ellipse(15, 15)
    assert lengths(measured(ring)) == lengths(measured(ellipse(20, 20)))


def test_the_diameters_are_those_of_the_slice_with_the_longest():
    mask = ellipse(8, 8)
    mask[3] = ellipse(5, 16)[3]
    (lesion,) = measured(mask).lesions
    assert lesion.slice == 3
    assert lesion.perpendicular.length == pytest.approx(10, abs=1.0)


@pytest.mark.parametrize(
    ("radius", "slices", "thickness", "measurable"),
    [(5, 3, 1.0, True), (4, 3, 1.0, False), (5, 1, 1.0, False), (5, 3, 6.0, False),
     (7, 3, 6.0, True)],
)  # fmt: skip
def test_a_measurable_lesion_has_two_diameters_of_a_centimetre_on_two_slices(
    radius, slices, thickness, measurable
):
    mask = ellipse(radius, radius)
    mask[1 + slices :] = False
    (lesion,) = measured(mask, Grid(mask.shape, (thickness, 1.0, 1.0))).lesions
    assert lesion.measurable is measurable


def test_lesions_below_the_least_size_are_counted_but_not_listed():
    mask = ellipse(10, 10)
    mask[0, 0, 0] = mask[4, 40, 40] = True
    found = measure(of(4 * mask), "ET")
    assert (len(found.lesions), found.ignored) == (1, 2)
    assert found.notes == ("ET: 2 parts smaller than 0.05 mL not listed.",)


def test_a_stack_that_is_not_axial_says_so():
    assert measured(ellipse(9, 9), oblique((5, 48, 48), (1, 1, 1), (0.1, 0.0))).notes == ()
    tilted = measured(ellipse(9, 9), oblique((5, 48, 48), (1, 1, 1), (0.3, 0.0)))
    assert tilted.tilt == pytest.approx(math.degrees(0.3))
    assert "tilted by 17 degrees" in tilted.notes[0]


def test_a_picture_is_measured_in_pixels():
    found = measure(of(4 * ellipse(10, 15)[1]), "ET")
    (lesion,) = found.lesions
    assert (found.unit, found.length_unit, lesion.measurable) == ("px", "px", False)
    assert lesion.longest.length == pytest.approx(30, abs=1.0)


def test_an_empty_region_has_no_lesions():
    found = measure(of(np.zeros((3, 4, 5))), "WT")
    assert (found.lesions, found.ignored, found.notes) == ((), 0, ())


def test_an_unknown_region_is_refused_with_those_that_exist():
    with pytest.raises(InputError, match="ET, WT, TC"):
        measure(of(np.zeros((3, 4, 5))), "liver")


# -- as a table ------------------------------------------------------------------------------------


def test_rows_and_file_have_the_same_lesions(tmp_path):
    mask = ellipse(6, 20)
    mask[:, 40:44, 2:8] = True
    found = measured(mask)
    rows = measurement_rows(found)
    assert rows[0][:3] == ["ET", "mL", "longest mm"]
    assert len(rows) == 3
    with write_measurements(tmp_path / "m.csv", [found]).open() as file:
        lines = list(csv.DictReader(file))
    assert [line["lesion"] for line in lines] == [row[0] for row in rows[1:]]
    assert float(lines[0]["longest_mm"]) == pytest.approx(found.lesions[0].longest.length, abs=0.01)
    product = float(lines[0]["longest_mm"]) * float(lines[0]["perpendicular_mm"])
    assert float(lines[0]["product_mm2"]) == pytest.approx(product, rel=1e-3)


def test_another_ending_and_an_empty_table_are_refused(tmp_path):
    with pytest.raises(InputError, match=r"written as \.csv"):
        write_measurements(tmp_path / "m.txt", [measured(ellipse(6, 6))])
    with pytest.raises(InputError, match="no lesion"):
        write_measurements(tmp_path / "m.csv", [measured(np.zeros((3, 3, 3), bool))])
