"""The mark of voxels: the same for the same values, another after any change in place."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from napari_shaspec.layers.voxels import FIXED, Voxels, mark_of

VOLUMES = st.sampled_from(["u1", "i2", "u2", "f4", "f8", "bool"]).flatmap(
    lambda kind: hnp.arrays(np.dtype(kind), hnp.array_shapes(min_dims=2, max_dims=3, max_side=9))
)
CHANGES: dict[str, Callable[[np.ndarray], None]] = {
    "scaled": lambda a: np.multiply(a, 2, out=a),
    "zeroed": lambda a: a.fill(0),
    "one slice zeroed": lambda a: a[3].fill(0),
    "masked": lambda a: np.putmask(a, a < 120, 0),
    "flipped": lambda a: np.copyto(a, a[::-1].copy()),
    "moved by a voxel": lambda a: np.copyto(a, np.roll(a, 1, axis=2)),
    "half of it mirrored": lambda a: np.copyto(a[:4], a[:4, :, ::-1].copy()),
    "made negative": lambda a: np.negative(a, out=a),
    "filled with NaN": lambda a: a[2:4].fill(np.nan),
}


@given(VOLUMES, st.data())
def test_any_single_voxel_changes_the_mark(array: np.ndarray, data: st.DataObject) -> None:
    seen = Voxels.of(array)
    assert seen.are(array)
    assert not seen.are(array.copy())
    where = tuple(data.draw(st.integers(0, n - 1)) for n in array.shape)
    before = array[where].tobytes()
    array[where] = 1 if array[where] == 0 else 0
    assert seen.are(array) == (array[where].tobytes() == before)


@given(VOLUMES)
def test_the_mark_depends_on_the_values_alone(array: np.ndarray) -> None:
    assert mark_of(array) == mark_of(array.copy(order="K"))


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("view", ["plain", "transposed", "reversed"])
def test_a_volume_that_is_changed_in_place_is_not_the_same(change: str, view: str) -> None:
    stored = np.random.default_rng(0).normal(100, 20, (12, 14, 16)).astype(np.float32)
    array = {"plain": stored, "transposed": stored.T, "reversed": stored[:, ::-1]}[view]
    seen = Voxels.of(array)
    CHANGES[change](array)
    assert not seen.are(array)


def test_an_array_that_cannot_be_written_to_is_not_read() -> None:
    array = np.ones((4, 4))
    array.flags.writeable = False
    assert mark_of(array) == FIXED
    assert Voxels.of(array).are(array)
    assert not Voxels.of(array).are(array.copy())


def test_the_array_may_be_freed() -> None:
    seen = Voxels.of(np.ones((2, 2)))
    assert not seen.are(np.ones((2, 2)))
