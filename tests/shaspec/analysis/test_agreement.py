"""Two label maps compared: the same rules as in an evaluation, and no side is the truth."""

from __future__ import annotations

import csv
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from shaspec.analysis.agreement import RegionAgreement, agreement, write_agreement
from shaspec.analysis.disagreement import BOTH, ONLY_HERE, ONLY_THERE
from shaspec.errors import InputError
from shaspec.evaluation.scoring import TrueRegion
from shaspec.geometry import Grid
from shaspec.task import load_task

BRATS = load_task("brats")
GRID = Grid((3, 4, 5), (3.0, 1.5, 1.0))
label_maps = arrays(np.uint8, GRID.shape, elements=st.sampled_from([0, 0, 0, 1, 2, 4]))


def by_region(first: np.ndarray, second: np.ndarray) -> dict[str, RegionAgreement]:
    return {row.region: row for row in agreement(first, second, BRATS, GRID)}


@settings(max_examples=40)
@given(label_maps, label_maps)
def test_swapping_the_two_changes_only_the_sign_of_the_change(first, second) -> None:
    there, back = by_region(first, second), by_region(second, first)
    for region, row in there.items():
        other = back[region]
        assert (row.dice, row.hd95, row.change) == (other.dice, other.hd95, -other.change)
        swapped = np.array([0, ONLY_THERE, ONLY_HERE, BOTH])[other.difference.map]
        np.testing.assert_array_equal(row.difference.map, swapped)


@settings(max_examples=30)
@given(label_maps)
def test_a_label_map_agrees_with_itself_and_does_not_change(labels) -> None:
    for row in agreement(labels, labels.copy(), BRATS, GRID):
        assert (row.dice, row.hd95, row.change) == (1.0, 0.0, 0.0)
        assert set(np.unique(row.difference.map)) <= {0, BOTH}


@settings(max_examples=40)
@given(label_maps, label_maps)
def test_the_scores_are_those_of_an_evaluation_with_the_second_as_truth(first, second) -> None:
    masks = zip(
        BRATS.region_names, BRATS.region_masks(first), BRATS.region_masks(second), strict=True
    )
    rows = by_region(first, second)
    for region, here, there in masks:
        scores, row = TrueRegion(there, GRID.spacing).scores(here), rows[region]
        assert (row.dice, row.hd95) == (scores["dice"], scores["hd95_mm"])
        assert row.first == pytest.approx(scores["predicted_ml"])
        assert row.second == pytest.approx(scores["truth_ml"])


@settings(max_examples=30)
@given(label_maps, label_maps)
def test_the_parts_of_the_map_add_up_to_both_sizes(first, second) -> None:
    for row in agreement(first, second, BRATS, GRID):
        sizes = row.difference.sizes
        assert sizes[ONLY_HERE] + sizes[BOTH] == pytest.approx(row.first)
        assert sizes[ONLY_THERE] + sizes[BOTH] == pytest.approx(row.second)
        assert row.dice == pytest.approx(
            2 * sizes[BOTH] / (row.first + row.second) if row.first + row.second else 1.0
        )


def test_a_region_that_only_one_has_counts_as_no_agreement_at_the_largest_distance() -> None:
    empty, full = np.zeros(GRID.shape, np.uint8), np.zeros(GRID.shape, np.uint8)
    full[1, 1, 1] = 4
    row = by_region(empty, full)["ET"]
    assert (row.dice, row.first) == (0.0, 0.0)
    assert row.hd95 == pytest.approx(np.linalg.norm(np.multiply(GRID.shape, GRID.spacing)))
    assert math.isnan(row.relative_change)
    assert by_region(full, empty)["ET"].relative_change == -1


def test_the_regions_asked_for_are_compared_in_that_order() -> None:
    labels = np.zeros(GRID.shape, np.uint8)
    rows = agreement(labels, labels, BRATS, GRID, ["WT", "ET"])
    assert [row.region for row in rows] == ["WT", "ET"]
    assert [r.region for r in agreement(labels, labels, BRATS, GRID)] == ["ET", "TC", "WT"]


@pytest.mark.parametrize(
    ("first", "said"),
    [
        (np.zeros((3, 4, 6), np.uint8), "shape"),
        (np.full(GRID.shape, 3, np.int32), "label 3"),
        (np.full(GRID.shape, 260, np.int32), "label 260"),
        (np.full(GRID.shape, -1, np.int8), "label -1"),
    ],
)
def test_maps_of_another_shape_or_with_foreign_labels_are_refused(first, said) -> None:
    with pytest.raises(InputError, match=said):
        agreement(first, np.zeros(GRID.shape, np.uint8), BRATS, GRID)


def test_pictures_are_measured_in_pixels(tmp_path) -> None:
    task, grid = load_task("rgbd"), Grid((4, 5), (1.0, 1.0))
    labels = np.zeros(grid.shape, np.uint8)
    labels[1, 1:4] = task.labels[0].value
    rows = agreement(labels, np.zeros_like(labels), task, grid)
    assert max(row.first for row in rows) == 3
    table = write_agreement(tmp_path / "table.csv", rows, ("a", "b"), grid).read_text()
    assert "hd95_px" in table
    assert "ml" not in table


def test_the_table_names_both_sides_and_the_units(tmp_path) -> None:
    labels = np.zeros(GRID.shape, np.uint8)
    labels[0, 0, :2] = 4
    rows = agreement(labels, np.zeros_like(labels), BRATS, GRID)
    path = write_agreement(tmp_path / "table.csv", rows, ("FLAIR", "truth"), GRID)
    with path.open(encoding="utf-8") as file:
        first = next(csv.DictReader(file))
    assert (first["first"], first["second"], first["region"]) == ("FLAIR", "truth", "ET")
    assert float(first["first_ml"]) == float(first["only_first_ml"]) == pytest.approx(0.009)
    assert float(first["change_ml"]) == pytest.approx(-0.009)
