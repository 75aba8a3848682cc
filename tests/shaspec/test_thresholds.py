"""Results with other thresholds: which voxels they have, and what is refused."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from shaspec.errors import InputError
from shaspec.geometry import Grid
from shaspec.prediction import Prediction
from shaspec.task import load_task
from shaspec.thresholds import checked, parse_thresholds, thresholded

TASK = load_task("brats")
SHAPE = (3, 2, 4)
PER_CENT = st.integers(5, 95).map(lambda value: value / 100)
PROBABILITIES = arrays(np.float32, (3, *SHAPE), elements=st.floats(0, 1, width=32))


def result_of(values: np.ndarray) -> Prediction:
    """A result of a network with one output per region."""
    grid = Grid(SHAPE, (1.0, 1.0, 1.0), (0.0, 0.0, 0.0))
    maps = dict(zip(TASK.region_names, values, strict=True))
    return Prediction("anna", TASK, grid, ("T2",), TASK.paint(values > 0.5), {"subset": "T2"}, maps)


@given(
    PROBABILITIES, st.fixed_dictionaries({}, optional=dict.fromkeys(TASK.region_names, PER_CENT))
)
def test_every_voxel_has_the_smallest_region_above_its_threshold(values, thresholds):
    result = thresholded(result_of(values), thresholds)
    limits = [thresholds.get(name, 0.5) for name in TASK.region_names]
    masks = np.stack([v > limit for v, limit in zip(values, limits, strict=True)])
    assert np.array_equal(result.labels, TASK.paint(masks))
    assert result.thresholds == {k: v for k, v in thresholds.items() if v != 0.5}


@given(PROBABILITIES, PER_CENT, PER_CENT)
def test_a_lower_threshold_never_loses_a_voxel_of_the_largest_region(values, one, other):
    low, high = sorted((one, other))
    few, many = (thresholded(result_of(values), {"WT": limit}) for limit in (high, low))
    assert np.all((many.labels > 0) >= (few.labels > 0))
    assert many.region_sizes()["WT"] >= few.region_sizes()["WT"]


def test_thresholds_of_one_half_are_the_result_itself():
    result = result_of(np.full((3, *SHAPE), 0.4, np.float32))
    assert thresholded(result, dict.fromkeys(TASK.region_names, 0.5)) is result
    assert thresholded(result, {}) is result


def test_the_result_says_its_thresholds_and_stays_as_it_was():
    result = result_of(np.full((3, *SHAPE), 0.4, np.float32))
    changed = thresholded(result, {"WT": 0.3, "ET": 0.6})
    assert (result.title, result.thresholds) == ("T2", {})
    said = {"WT": "WT > 0.30", "ET": "ET > 0.60"}
    assert changed.title == f"T2 ({', '.join(said[n] for n in TASK.region_names if n in said)})"
    edited = replace(changed, provenance={**changed.provenance, "edited": True})
    assert edited.title.endswith(", edited)")


def test_labels_that_exclude_each_other_have_no_threshold():
    result = result_of(np.full((3, *SHAPE), 0.4, np.float32))
    exclusive = replace(result, label_probabilities=dict(result.probabilities))
    with pytest.raises(InputError, match="mutually exclusive"):
        thresholded(exclusive, {"ET": 0.3})


def test_a_result_without_probabilities_is_refused():
    result = replace(result_of(np.zeros((3, *SHAPE), np.float32)), probabilities={})
    with pytest.raises(InputError, match="probabilities=True"):
        thresholded(result, {"ET": 0.3})


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("", {}),
        ("ET=0.3", {"ET": 0.3}),
        (" ET = 0.3 , WT=0.95,", {"WT": 0.95, "ET": 0.3}),
        ("TC=0.5", {}),
    ],
)
def test_thresholds_are_read_from_text(text, found):
    assert parse_thresholds(text, TASK) == found


@pytest.mark.parametrize("text", ["ET", "ET=", "ET=high", "XX=0.3", "ET=0.01", "ET=1", "ET=nan"])
def test_text_that_is_no_threshold_is_refused(text):
    with pytest.raises(InputError, match="threshold"):
        parse_thresholds(text, TASK)


def test_the_regions_keep_the_order_of_the_task():
    assert list(checked({"ET": 0.3, "WT": 0.2}, TASK)) == [
        name for name in TASK.region_names if name in ("ET", "WT")
    ]


def test_a_task_without_regions_has_no_thresholds():
    with pytest.raises(InputError, match="no regions"):
        parse_thresholds("ET=0.3", load_task("avmnist"))
