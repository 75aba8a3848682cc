"""Windows cover the whole box, and aggregating them restores a volume."""

from __future__ import annotations

from itertools import pairwise

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from shaspec.inference.windows import (
    WindowAggregator,
    extract_patch,
    lengthened,
    plan,
    union,
    weight_map,
    window_starts,
)

lengths = st.integers(1, 70)


@given(lengths, lengths, st.floats(0, 0.9))
def test_windows_cover_an_axis_without_leaving_it(length: int, window: int, overlap: float) -> None:
    first = window_starts(length, window, overlap)
    covered = {v for a in first for v in range(a, a + window)}
    assert set(range(length)) <= covered
    assert window >= length or max(first) + window == length


@given(lengths, lengths, st.floats(0, 0.9))
def test_neighbours_overlap_at_least_so_much(length: int, window: int, overlap: float) -> None:
    first = window_starts(length, window, overlap)
    for a, b in pairwise(first):
        # Rounding to whole voxels may cost one.
        assert b - a <= max(1, int(window * (1 - overlap))) + 1


@given(lengths, lengths, st.floats(0, 0.9))
def test_no_window_more_than_the_overlap_needs(length: int, window: int, overlap: float) -> None:
    first = window_starts(length, window, overlap)
    step = max(1, int(window * (1 - overlap)))
    # One window fewer would have to be further apart than the overlap allows.
    assert len(first) == 1 or (len(first) - 2) * step < length - window


@given(
    st.tuples(lengths, lengths, lengths),
    st.tuples(lengths, lengths, lengths),
    st.sampled_from([1, 2, 4, 8]),
    st.floats(0, 0.8),
)
def test_adding_up_windows_of_a_volume_gives_the_volume(
    shape: tuple[int, int, int], window: tuple[int, int, int], divisor: int, overlap: float
) -> None:
    volume = torch.rand(shape)
    box = tuple(slice(n // 3, n) for n in shape)
    corners, size = plan(box, window, (divisor,) * 3, overlap)
    assert all(n % divisor == 0 for n in size)
    for part, most, n in zip(box, window, size, strict=True):  # no larger than needed
        needed = min(part.stop - part.start, most)
        assert needed <= n < needed + divisor
    if len(corners) > 200:
        return
    aggregator = WindowAggregator(1, box, size, torch.device("cpu"))
    for corner in corners:
        aggregator.add(extract_patch(volume, corner, size)[None], corner)
    torch.testing.assert_close(aggregator.mean()[0], volume[box])


@pytest.mark.parametrize("size", [16, 33])
def test_weights_fall_as_a_gaussian_of_an_eighth_of_the_window(size: int) -> None:
    weights = weight_map((size,)).double()
    places = torch.arange(size) - (size - 1) / 2
    expected = torch.exp(-(places**2) / (2 * (size / 8) ** 2))
    torch.testing.assert_close(
        weights, (expected / expected.max()).clamp(min=1e-3).double(), rtol=1e-5, atol=1e-7
    )


def test_several_windows_over_the_whole_box_count_by_their_share() -> None:
    aggregator = WindowAggregator(1, (slice(0, 4),) * 3, (4, 4, 4), torch.device("cpu"))
    for value, share in ((1.0, 0.25), (3.0, 0.75)):
        aggregator.add(torch.full((1, 4, 4, 4), value), (0, 0, 0), share)
    torch.testing.assert_close(aggregator.mean(), torch.full((1, 4, 4, 4), 2.5))


def test_a_window_that_sticks_out_reads_zeros_there() -> None:
    volume = torch.ones(4, 4, 4)
    window = extract_patch(volume, (-1, 2, 0), (4, 4, 4))
    assert window.sum() == 3 * 2 * 4
    assert (window[0] == 0).all()
    assert (window[:, 2:] == 0).all()


def test_weights_are_positive_and_largest_in_the_middle() -> None:
    weights = weight_map((9, 8, 7))
    assert weights.min() >= 1e-3
    assert weights.argmax() == weights[4, :, :].argmax() + 4 * 56
    assert weights[4, 3, 3] == weights.max()


@given(
    st.lists(st.tuples(st.integers(0, 50), st.integers(1, 50)), min_size=3, max_size=3),
    st.integers(0, 20),
)
def test_a_lengthened_box_holds_the_box_wherever_it_lies(
    faces: list[tuple[int, int]], moved: int
) -> None:
    box = tuple(slice(a, a + n) for a, n in faces)
    far = lengthened(tuple(slice(s.start + moved, s.stop + moved) for s in box))
    for inner, outer, other in zip(box, lengthened(box), far, strict=True):
        assert outer.start == inner.start < inner.stop <= outer.stop
        assert (outer.stop - outer.start) % 8 == 0
        assert outer.stop - inner.stop < 8
        assert other == slice(outer.start + moved, outer.stop + moved)


def test_the_union_of_boxes_holds_them_all() -> None:
    one = (slice(0, 4), slice(3, 9))
    two = (slice(2, 6), slice(1, 5))
    assert union([one, two]) == (slice(0, 6), slice(1, 9))


@given(st.integers(1, 3), st.tuples(lengths, lengths), st.tuples(lengths, lengths))
def test_a_window_of_several_channels_is_that_of_each(
    channels: int, shape: tuple[int, int], size: tuple[int, int]
) -> None:
    image = torch.arange(1.0, channels * shape[0] * shape[1] + 1).view(channels, *shape)
    corner = (shape[0] // 2, shape[1] // 3)
    window = extract_patch(image, corner, size)
    assert window.shape == (channels, *size)
    for one, whole in zip(window, image, strict=True):
        assert torch.equal(one, extract_patch(whole, corner, size))


def test_a_window_over_the_whole_box_is_the_mean_itself() -> None:
    values = torch.rand(2, 4, 5, 6)
    box = (slice(3, 7), slice(0, 5), slice(1, 7))
    aggregator = WindowAggregator(2, box, (4, 5, 6), torch.device("cpu"))
    aggregator.add(values, (3, 0, 1))
    assert aggregator.mean().data_ptr() == values.data_ptr()
    assert torch.equal(aggregator.mean(), values)
    assert WindowAggregator.of_part(values, box).mean() is values


@pytest.mark.parametrize("corner", [(0, 0), (0, 0, 0, 0)])
def test_axes_that_are_not_as_many_are_an_error(corner: tuple[int, ...]) -> None:
    box = (slice(0, 4),) * 3
    aggregator = WindowAggregator(1, box, (4, 4, 4), torch.device("cpu"))
    for call in (
        lambda: extract_patch(torch.ones(4, 4, 4), corner, (4, 4, 4)),
        lambda: aggregator.add(torch.ones(1, 4, 4, 4), corner),
        lambda: plan(box, [2 for _ in corner], (1, 1, 1), 0.5),
        lambda: plan(box, (2, 2, 2), [1 for _ in corner], 0.5),
        lambda: union([box, tuple(slice(c, 4) for c in corner)]),
    ):
        with pytest.raises(ValueError, match="zip"):
            call()
