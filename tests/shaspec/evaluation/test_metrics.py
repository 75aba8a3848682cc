"""Overlap measures by their properties."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from shaspec.evaluation.metrics import METRICS, Overlap, dice, metrics_for
from shaspec.evaluation.scoring import TrueRegion

masks = arrays(bool, (3, 4, 5))
SHARES = ("dice", "iou", "precision", "sensitivity")


@given(masks, masks)
def test_dice_is_symmetric_and_between_0_and_1(a: np.ndarray, b: np.ndarray) -> None:
    assert 0 <= dice(a, b) <= 1
    assert dice(a, b) == dice(b, a)


@given(masks)
def test_dice_with_itself_is_1(a: np.ndarray) -> None:
    assert dice(a, a) == 1


def test_both_empty_is_1_and_one_empty_is_0() -> None:
    empty, full = np.zeros((2, 2), bool), np.ones((2, 2), bool)
    assert dice(empty, empty) == 1
    assert dice(empty, full) == 0


@pytest.mark.parametrize("share", SHARES)
def test_every_share_counts_both_empty_1_and_one_empty_0(share: str) -> None:
    assert getattr(Overlap(0, 0, 0), share) == 1
    assert getattr(Overlap(0, 0, 5), share) == 0
    assert getattr(Overlap(0, 5, 0), share) == 0


@given(st.integers(1, 20), st.integers(0, 20))
def test_dice_counts_voxels(size: int, overlap: int) -> None:
    overlap = min(overlap, size)
    a, b = np.zeros(60, bool), np.zeros(60, bool)
    a[:size] = True
    b[size - overlap : 2 * size - overlap] = True
    assert dice(a, b) == pytest.approx(overlap / size)


@given(masks, masks)
def test_dice_lies_between_precision_and_sensitivity(a: np.ndarray, b: np.ndarray) -> None:
    o = Overlap.of(a, b)
    low, high = sorted((o.precision, o.sensitivity))
    assert low - 1e-12 <= o.dice <= high + 1e-12
    assert o.iou == pytest.approx(o.dice / (2 - o.dice))
    assert o.precision == Overlap.of(b, a).sensitivity


def test_volume_errors_are_signed_and_in_millilitres() -> None:
    truth = np.zeros((10, 10, 10), bool)
    truth[:5] = True
    region = TrueRegion(truth, (2.0, 1.0, 1.0))
    scores = region.scores(np.ones_like(truth))
    assert scores["truth_ml"] == pytest.approx(1.0)
    assert scores["volume_error_ml"] == pytest.approx(1.0)
    assert scores["volume_error"] == pytest.approx(1.0)
    assert region.scores(np.zeros_like(truth))["volume_error_ml"] == pytest.approx(-1.0)


def test_the_relative_volume_error_of_an_empty_region_is_undefined() -> None:
    empty = np.zeros((4, 4, 4), bool)
    assert math.isnan(TrueRegion(empty, (1, 1, 1)).scores(~empty)["volume_error"])


def test_scores_are_those_asked_for_in_the_order_of_the_table() -> None:
    mask = np.ones((4, 4, 4), bool)
    region = TrueRegion(mask, (1, 1, 1))
    assert tuple(region.scores(mask)) == metrics_for(3)
    assert list(region.scores(mask, ("hd95_mm", "dice"))) == ["dice", "hd95_mm"]


def test_pictures_are_measured_in_pixels() -> None:
    mask = np.zeros((20, 30), bool)
    mask[5:10, 5:10] = True
    scores = TrueRegion(mask, (1.0, 1.0)).scores(np.roll(mask, 3, axis=1) | mask)
    assert tuple(scores) == metrics_for(2)
    assert not [name for name in scores if name.endswith(("_mm", "_ml")) or "volume" in name]
    assert (scores["truth_px"], scores["predicted_px"], scores["area_error_px"]) == (25, 40, 15)
    assert scores["area_error"] == pytest.approx(15 / 25)
    assert scores["hd95_px"] == pytest.approx(3.0)
    assert {METRICS[name].unit for name in scores} == {"%", "px", ""}


def test_an_image_of_one_slice_is_measured_as_the_plane_it_is() -> None:
    mask = np.zeros((1, 20, 20), bool)
    mask[0, 5:10, 5:10] = True
    moved = np.roll(mask, 3, axis=2)
    scores = TrueRegion(mask, (5.0, 1.0, 1.0)).scores(moved)
    assert scores["hd95_mm"] == pytest.approx(3.0)
