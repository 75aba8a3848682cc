"""Dice by its properties."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from shaspec.evaluation.metrics import dice

masks = arrays(bool, (3, 4, 5))


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


@given(st.integers(1, 20), st.integers(0, 20))
def test_dice_counts_voxels(size: int, overlap: int) -> None:
    overlap = min(overlap, size)
    a, b = np.zeros(60, bool), np.zeros(60, bool)
    a[:size] = True
    b[size - overlap : 2 * size - overlap] = True
    assert dice(a, b) == pytest.approx(overlap / size)
