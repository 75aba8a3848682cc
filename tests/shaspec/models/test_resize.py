"""Resizing by matrices is PyTorch's interpolation, as a whole and in part."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from shaspec.models.resize import linear_resize, linear_resize_part, reached, sources

AXES = st.lists(st.tuples(st.integers(1, 9), st.integers(1, 17)), min_size=2, max_size=3)


def drawn(*shape: int, seed: int) -> Tensor:
    return torch.rand(shape, generator=torch.Generator().manual_seed(seed))


def interpolated(x: Tensor, size: tuple[int, ...], *, align_corners: bool = False) -> Tensor:
    mode = "bilinear" if len(size) == 2 else "trilinear"
    return F.interpolate(x, size, mode=mode, align_corners=align_corners)


@settings(max_examples=30, deadline=None)
@given(axes=AXES, samples=st.integers(0, 2), align_corners=st.booleans())
def test_values_and_gradients_are_those_of_interpolation(
    axes: list[tuple[int, int]], samples: int, *, align_corners: bool
) -> None:
    before, after = zip(*axes, strict=True)
    x = drawn(samples, 2, *before, seed=0).requires_grad_()
    ours = linear_resize(x, after, align_corners=align_corners)
    theirs = interpolated(x, after, align_corners=align_corners)
    torch.testing.assert_close(ours, theirs, rtol=1e-4, atol=1e-4)
    above = drawn(*theirs.shape, seed=1)
    gradients = [torch.autograd.grad(y, [x], above)[0] for y in (ours, theirs)]
    torch.testing.assert_close(*gradients, rtol=1e-3, atol=1e-3)


@settings(max_examples=50, deadline=None)
@given(axes=AXES, share=st.sampled_from([0.01, 0.1, 0.5]), seed=st.integers(0, 2**16))
def test_probabilities_above_one_half_lie_in_the_computed_part(
    axes: list[tuple[int, int]], share: float, seed: int
) -> None:
    before, after = zip(*axes, strict=True)
    values = drawn(1, 2, *before, seed=seed)
    x = torch.where(drawn(*before, seed=seed + 1) < share, values, values / 2)
    places = torch.nonzero((x[0] > 0.5).any(dim=0))
    whole = interpolated(x, after)
    low = places.amin(dim=0).tolist() if len(places) else [0] * len(axes)
    high = places.amax(dim=0).tolist() if len(places) else [-1] * len(axes)
    spans = [reached(n, m, (a, b + 1)) for (n, m), a, b in zip(axes, low, high, strict=True)]
    if not all(stop for _, stop in spans):  # nowhere, or between the voxels that are read
        assert (whole <= 0.5 + 1e-6).all()
        return
    box = (slice(None), slice(None), *(slice(*span) for span in spans))
    reads = [sources(n, m, span) for (n, m), span in zip(axes, spans, strict=True)]
    needed = x[(slice(None), slice(None), *(slice(*read) for read in reads))]
    part = linear_resize_part(needed, before, after, spans)
    torch.testing.assert_close(part, whole[box], rtol=1e-4, atol=1e-5)
    outside = whole.clone()
    outside[box] = 0
    assert (outside <= 0.5 + 1e-6).all()
