"""The interval of a region's size holds its size, and is that of the two thresholds."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from shaspec.analysis.size_interval import (
    HIGH,
    LOW,
    interval_text,
    size_intervals,
    with_intervals,
)
from shaspec.geometry import Grid
from shaspec.prediction import Prediction
from shaspec.task import load_task
from shaspec.thresholds import thresholded

TASK = load_task("brats")
SHAPE = (3, 2, 4)
GRID = Grid(SHAPE, (2.0, 1.0, 3.0), (0.0, 0.0, 0.0))
VALUES = arrays(np.float32, (3, *SHAPE), elements=st.floats(0, 1, width=32))


def result_of(values: np.ndarray) -> Prediction:
    maps = dict(zip(TASK.region_names, values, strict=True))
    return Prediction("anna", TASK, GRID, ("T2",), TASK.paint(values > 0.5), {}, maps)


@given(VALUES)
def test_the_interval_is_that_of_the_two_thresholds_and_holds_the_size(values):
    made = with_intervals(result_of(values))
    found = size_intervals(made)
    few, many = (
        thresholded(made, dict.fromkeys(TASK.region_names, limit)).region_sizes()
        for limit in (HIGH, LOW)
    )
    assert found == {name: (few[name], many[name]) for name in TASK.reported_regions}
    for name, size in made.region_sizes().items():
        assert found[name][0] <= size <= found[name][1]


@given(arrays(np.float32, (4, *SHAPE), elements=st.floats(0.0625, 1, width=32)))
def test_labels_that_exclude_each_other_have_an_interval_of_their_regions(values):
    shares = values / values.sum(axis=0)
    names = ("background", *(label.name for label in TASK.labels))
    by_label = dict(zip(names, shares, strict=True))
    regions = {
        region.name: sum(by_label[la.name] for la in TASK.labels if la.value in region.labels)
        for region in TASK.regions
    }
    codes = np.array([0, *(label.value for label in TASK.labels)], np.uint8)
    labels = codes[shares.argmax(axis=0)]
    made = with_intervals(Prediction("anna", TASK, GRID, ("T2",), labels, {}, regions, by_label))
    for name, size in made.region_sizes().items():
        low, high = size_intervals(made)[name]
        assert low <= size <= high


def test_without_probabilities_there_is_none():
    plain = replace(result_of(np.zeros((3, *SHAPE), np.float32)), probabilities={})
    assert with_intervals(plain) is plain
    assert size_intervals(plain) == {}


@pytest.mark.parametrize(("unit", "said"), [("mL", "7.4–11.0 mL"), ("px", "7–11 px")])
def test_the_text_names_the_unit(unit, said):
    assert interval_text((7.42, 11.0), unit) == said
