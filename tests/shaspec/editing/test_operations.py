"""Operations on a region: what holds for every label map, and what each one does to a shape."""

from __future__ import annotations

from typing import get_args

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from shaspec.editing import (
    AMOUNTS,
    Operation,
    apply,
    fill_holes,
    grow,
    keep_largest,
    remove_islands,
    shrink,
    smooth,
)
from shaspec.editing.nesting import nested
from shaspec.editing.operations import Kind
from shaspec.errors import InputError
from shaspec.geometry import Grid
from shaspec.task import load_task

TASK = load_task("brats")
LIVER = load_task("liver-ct")
SPACING = (3.0, 1.0, 0.5)

label_maps = arrays(np.uint8, (5, 6, 7), elements=st.sampled_from([0, 0, 0, 1, 2, 4]))
regions = st.sampled_from(["ET", "TC", "WT"])
operations = st.builds(
    Operation, st.sampled_from(get_args(Kind)), regions, st.sampled_from([0.4, 1.0, 1.6, 3.1])
)
axis_orders = st.permutations(range(3))
flips = st.lists(st.integers(0, 2), unique=True)


def grid_of(labels: np.ndarray, spacing: tuple[float, ...] = SPACING) -> Grid:
    return Grid(labels.shape, spacing)


def counts(labels: np.ndarray, region: str) -> int:
    return int(nested(TASK, region).mask(labels).sum())


# -- every operation on every label map ----------------------------------------------------------


@given(label_maps, operations)
def test_an_operation_leaves_its_input_alone_and_adds_no_other_label(labels, operation):
    before = labels.copy()
    new = apply(labels, operation, TASK, grid_of(labels))
    assert (labels == before).all()
    assert new is not labels
    assert new.dtype == np.uint8
    assert set(np.unique(new)) <= {*np.unique(labels), 0, 1, 2, 4}


@given(label_maps, operations)
def test_only_voxels_that_join_or_leave_the_region_change(labels, operation):
    new = apply(labels, operation, TASK, grid_of(labels))
    what = nested(TASK, operation.region)
    before, after, changed = what.mask(labels), what.mask(new), new != labels
    assert (changed == (before != after)).all()
    assert set(np.unique(new[changed & after])) <= {what.paints}
    assert set(np.unique(labels[changed & after])) <= set(what.around)
    assert set(np.unique(new[changed & before])) <= set(what.around)


@given(label_maps, operations, axis_orders, flips)
def test_an_operation_commutes_with_the_orientation_of_the_array(labels, operation, order, flipped):
    def turned(array: np.ndarray) -> np.ndarray:
        return np.flip(array.transpose(order), flipped)

    there = Grid(turned(labels).shape, tuple(SPACING[axis] for axis in order))
    expected = turned(apply(labels, operation, TASK, grid_of(labels)))
    assert (apply(turned(labels), operation, TASK, there) == expected).all()


@given(
    label_maps,
    st.sampled_from(["fill holes", "keep largest", "remove islands"]),
    regions,
    st.sampled_from([0.002, 0.01]),
)
def test_cleaning_twice_is_cleaning_once(labels, kind, region, amount):
    operation, grid = Operation(kind, region, amount), grid_of(labels)
    once = apply(labels, operation, TASK, grid)
    assert (apply(once, operation, TASK, grid) == once).all()


@given(label_maps, regions)
def test_a_distance_of_nought_changes_nothing(labels, region):
    for kind in AMOUNTS:
        operation = Operation(kind, region, 0.0)
        assert (apply(labels, operation, TASK, grid_of(labels)) == labels).all()


@given(label_maps, regions, st.sampled_from([0.5, 1.0, 3.2]))
def test_grown_contains_the_region_and_shrunk_is_contained(labels, region, distance):
    mask = nested(TASK, region).mask
    grid = grid_of(labels)
    assert (mask(grow(labels, TASK, region, grid, distance)) >= mask(labels)).all()
    assert (mask(shrink(labels, TASK, region, grid, distance)) <= mask(labels)).all()


# -- one shape each ------------------------------------------------------------------------------


def solid(shape: tuple[int, ...] = (9, 9, 9), value: int = 2) -> np.ndarray:
    labels = np.zeros(shape, np.uint8)
    labels[2:-2, 2:-2, 2:-2] = value
    return labels


def test_growing_is_in_millimetres_along_every_axis():
    labels = np.zeros((9, 9, 9), np.uint8)
    labels[4, 4, 4] = 2
    new = grow(labels, TASK, "WT", grid_of(labels), 1.0) > 0
    assert [int(new.any(axis=tuple({0, 1, 2} - {axis})).sum()) for axis in range(3)] == [1, 3, 5]


def test_shrinking_is_in_millimetres_along_every_axis():
    new = shrink(solid(), TASK, "WT", grid_of(solid()), 1.0) > 0
    assert [int(new.any(axis=tuple({0, 1, 2} - {axis})).sum()) for axis in range(3)] == [5, 3, 1]


def test_a_region_that_the_volume_cuts_off_does_not_shrink_at_the_edge():
    labels = np.full((4, 5, 6), 2, np.uint8)
    labels[:, :, 3:] = 0
    new = shrink(labels, TASK, "WT", grid_of(labels, (1.0, 1.0, 1.0)), 1.0)
    assert (new[:, :, :2] == 2).all()
    assert not new[:, :, 2].any()


def test_growing_the_inner_region_takes_the_labels_around_it():
    labels = solid()
    labels[4, 4, 4] = 4
    new = grow(labels, TASK, "ET", grid_of(labels, (1.0, 1.0, 1.0)), 1.0)
    assert (new == 4).sum() == 7
    assert counts(new, "WT") == counts(labels, "WT")


def test_growing_the_outer_region_keeps_the_labels_within():
    labels = solid()
    labels[2, 2, 2] = 4  # at its corner
    new = grow(labels, TASK, "WT", grid_of(labels, (1.0, 1.0, 1.0)), 1.0)
    assert (new == 4).sum() == 1
    assert new[1, 2, 2] == 2


def test_shrinking_the_core_leaves_oedema_where_oedema_is_around():
    labels = solid()
    labels[3:6, 3:6, 3:6] = 1
    new = shrink(labels, TASK, "TC", grid_of(labels, (1.0, 1.0, 1.0)), 1.0)
    assert (new == 1).sum() == 1
    assert counts(new, "WT") == counts(labels, "WT")


def test_a_hole_is_filled_and_necrosis_within_the_ring_is_none():
    ring = solid(value=4)
    ring[4, 4, 4], ring[4, 4, 5] = 0, 1
    new = fill_holes(ring, TASK, "ET")
    assert (new[4, 4, 4], new[4, 4, 5]) == (4, 1)


def test_a_hole_that_is_open_to_the_outside_stays():
    labels = solid()
    labels[4, 4, 4:] = 0
    assert (fill_holes(labels, TASK, "WT") == labels).all()


def test_the_largest_part_is_kept_with_all_that_lies_in_it():
    labels = np.zeros((3, 9, 9), np.uint8)
    labels[1, 1:5, 1:5], labels[1, 2, 2] = 2, 4
    labels[1, 7, 7] = 4  # alone in healthy tissue
    new = keep_largest(labels, TASK, "WT", grid_of(labels))
    assert (new[1, 2, 2], new[1, 7, 7]) == (4, 0)
    assert counts(new, "WT") == 16


def test_equally_large_parts_are_all_kept():
    labels = np.zeros((3, 3, 7), np.uint8)
    labels[1, 1, 1] = labels[1, 1, 5] = 2
    assert (keep_largest(labels, TASK, "WT", grid_of(labels)) == labels).all()


def test_an_island_becomes_what_is_around_it():
    labels = solid()
    labels[4, 4, 4] = 4  # in the oedema
    labels[0, 0, 0] = 4  # in healthy tissue
    new = remove_islands(labels, TASK, "ET", grid_of(labels), 0.01)
    assert (new[4, 4, 4], new[0, 0, 0]) == (2, 0)


def test_an_island_of_just_the_size_stays():
    labels = np.zeros((3, 3, 7), np.uint8)
    labels[1, 1, 1] = labels[1, 1, 4] = labels[1, 1, 5] = 2
    grid = grid_of(labels)
    new = remove_islands(labels, TASK, "WT", grid, 2 * grid.voxel_ml)
    assert np.flatnonzero(new[1, 1]).tolist() == [4, 5]


def test_smoothing_removes_a_spike_and_keeps_the_volume_of_a_block():
    labels = np.zeros((16, 16, 16), np.uint8)
    labels[3:13, 3:13, 3:13] = 2
    labels[13:15, 8, 8] = 2
    new = smooth(labels, TASK, "WT", grid_of(labels, (1.0, 1.0, 1.0)), 1.0)
    assert not new[14, 8, 8]
    assert abs(int((new > 0).sum()) - 1000) < 120


def test_a_plane_surface_stays_where_it_is_when_smoothed():
    labels = np.zeros((6, 6, 12), np.uint8)
    labels[:, :, :5] = 2
    assert (smooth(labels, TASK, "WT", grid_of(labels), 1.2) == labels).all()


def test_a_label_outside_every_enclosing_region_is_never_taken():
    labels = np.zeros((3, 3, 8), np.uint8)
    labels[1, 1, 2], labels[1, 1, 3] = 1, 7  # 7: no label of the task
    new = grow(labels, LIVER, "liver", grid_of(labels, (1.0, 1.0, 1.0)), 2.0)
    assert new[1, 1, 3] == 7
    assert new[1, 1, 1] == 1


def test_pictures_are_edited_in_pixels():
    labels = np.zeros((7, 7), np.uint8)
    labels[3, 3] = 2
    assert (grow(labels, TASK, "WT", Grid((7, 7), (1.0, 1.0)), 1.0) > 0).sum() == 5


@pytest.mark.parametrize("shape", [(4, 4, 4), (1, 1, 1)])
@pytest.mark.parametrize("value", [0, 2])
@pytest.mark.parametrize("kind", get_args(Kind))
def test_an_empty_and_a_full_volume_come_through(shape, value, kind):
    labels = np.full(shape, value, np.uint8)
    new = apply(labels, Operation(kind, "WT", 0.0001), TASK, grid_of(labels))
    assert (new == labels).all()


# -- what an operation is called -------------------------------------------------------------------


@pytest.mark.parametrize(
    ("operation", "text"),
    [
        (Operation("grow", "WT", 2.0), "grow WT 2 mm"),
        (Operation("remove islands", "ET", 0.1), "remove islands ET 0.1 mL"),
        (Operation("fill holes", "TC", 5.0), "fill holes TC"),
    ],
)
def test_the_text_of_an_operation_has_its_number_and_unit(operation, text):
    assert operation.text() == text


@pytest.mark.parametrize("amount", [-1.0, np.nan, np.inf])
def test_a_number_that_is_no_size_is_refused(amount):
    with pytest.raises(InputError, match="not a size"):
        Operation("grow", "WT", amount)


def test_an_unknown_region_or_operation_is_refused_with_those_that_exist():
    with pytest.raises(InputError, match="ET, WT, TC"):
        apply(solid(), Operation("grow", "XX", 1.0), TASK, grid_of(solid()))
    with pytest.raises(InputError, match="fill holes, keep largest"):
        Operation("melt", "WT")  # type: ignore[arg-type]
