"""The voxel size of a task: shapes, bounds, interpolation."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from shaspec.errors import InputError
from shaspec.inference.spacing import MOST_VOXELS, resized, shape_at

sizes = st.tuples(*[st.integers(1, 300)] * 3)
spacings = st.tuples(*[st.floats(1e-6, 1e6)] * 3)


@given(shape=sizes, have=spacings, want=spacings)
def test_a_shape_is_that_of_the_same_extent_or_refused(
    shape: tuple[int, ...], have: tuple[float, ...], want: tuple[float, ...]
) -> None:
    lengths = np.maximum(np.array(shape) * have / np.array(want), 1)
    try:
        there = shape_at(shape, have, want, "p")
    except InputError:
        assert lengths.prod() > MOST_VOXELS
    else:
        assert there == shape or np.abs(np.array(there) - lengths).max() <= 0.5 + 1e-6
        assert np.prod(there, dtype=float) < 1.5**3 * max(MOST_VOXELS, 2 * np.prod(shape))


def test_a_volume_close_to_the_spacing_stays_as_it_is() -> None:
    assert shape_at((10, 10, 10), (1.02, 1, 1), (1, 1, 1), "p") == (10, 10, 10)
    volume = torch.ones(1, 10, 10, 10)
    assert resized(volume, (10, 10, 10)) is volume


@pytest.mark.parametrize("want", [1.5, 1e-3, 1e-300])
def test_a_small_file_that_would_become_huge_is_refused(want: float) -> None:
    message = r"case p: its 16 x 16 x 16 voxels of 100 x 100 x 100 mm would become .* crop"
    with pytest.raises(InputError, match=message):
        shape_at((16,) * 3, (100.0,) * 3, (want,) * 3, "p")


def test_a_large_volume_keeps_its_voxel_size() -> None:
    assert shape_at((4096, 4096, 64), (1, 1, 1), (1, 1, 1), "p") == (4096, 4096, 64)


def test_labels_take_the_nearest_voxel_and_images_are_interpolated() -> None:
    row = torch.tensor([[0, 4]], dtype=torch.uint8)[:, None].expand(1, 2, 2)
    assert set(resized(row, (4, 4), labels=True).unique().tolist()) == {0, 4}
    assert resized(row.float(), (4, 4))[0, 0].tolist() == [0, 1, 3, 4]
