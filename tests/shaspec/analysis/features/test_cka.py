"""CKA has the properties of a similarity measure."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shaspec.analysis.features.cka import linear_cka

Array = npt.NDArray[np.float64]


@st.composite
def features(draw: st.DrawFn, rows: int = 60) -> Array:
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    return rng.normal(size=(rows, draw(st.integers(1, 12))))


def rotation(size: int, seed: int) -> Array:
    q, _ = np.linalg.qr(np.random.default_rng(seed).normal(size=(size, size)))
    return np.asarray(q)


@given(features())
def test_a_set_is_wholly_like_itself(x: Array) -> None:
    assert linear_cka(x, x) == pytest.approx(1)


@given(features(), features())
def test_it_is_symmetric_and_between_0_and_1(x: Array, y: Array) -> None:
    assert linear_cka(x, y) == pytest.approx(linear_cka(y, x))
    assert -1e-9 <= linear_cka(x, y) <= 1 + 1e-9


@given(features(), features(), st.integers(0, 99), st.floats(1e-3, 1e3), st.floats(-9, 9))
def test_rotation_scale_and_offset_change_nothing(
    x: Array, y: Array, seed: int, scale: float, offset: float
) -> None:
    turned = scale * x @ rotation(x.shape[1], seed) + offset
    assert linear_cka(turned, y) == pytest.approx(linear_cka(x, y), abs=1e-6)


def test_independent_features_have_a_similarity_near_0() -> None:
    rng = np.random.default_rng(0)
    assert linear_cka(rng.normal(size=(5000, 8)), rng.normal(size=(5000, 8))) < 0.01


def test_a_constant_is_like_nothing() -> None:
    x = np.random.default_rng(0).normal(size=(20, 3))
    assert linear_cka(np.full((20, 4), 0.1), x) == 0


def test_features_of_different_voxels_cannot_be_compared() -> None:
    with pytest.raises(ValueError, match="20 and 19 rows"):
        linear_cka(np.ones((20, 2)), np.ones((19, 2)))
