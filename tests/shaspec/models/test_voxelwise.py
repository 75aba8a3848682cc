"""The fast layers for CPUs equal PyTorch's functions and gradients."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor, nn

from shaspec.models import voxelwise


def drawn(*shape: int, seed: int) -> Tensor:
    rng = torch.Generator().manual_seed(seed)
    return torch.randn(shape, generator=rng).requires_grad_()


def same(ours: Tensor, theirs: Tensor, inputs: list[Tensor]) -> None:
    torch.testing.assert_close(ours, theirs, rtol=1e-4, atol=1e-4)
    above = drawn(*theirs.shape, seed=1).detach()
    for a, b in zip(
        torch.autograd.grad(ours, inputs, above),
        torch.autograd.grad(theirs, inputs, above),
        strict=True,
    ):
        torch.testing.assert_close(a, b, rtol=1e-3, atol=1e-3)


@settings(max_examples=20, deadline=None)
@given(
    size=st.lists(st.integers(3, 7), min_size=3, max_size=3),
    samples=st.integers(1, 2),
    channels=st.sampled_from([1, 1, 3]),
    kernel=st.sampled_from([1, 3, 5]),
    stride=st.lists(st.integers(1, 2), min_size=3, max_size=3),
    dilation=st.integers(1, 2),
    biased=st.booleans(),
)
def test_convolutions_are_those_of_pytorch(
    size: list[int],
    samples: int,
    channels: int,
    kernel: int,
    stride: list[int],
    dilation: int,
    biased: bool,
) -> None:
    x = drawn(samples, channels, *size, seed=0)
    weight = drawn(4, channels, *[kernel] * 3, seed=2)
    bias = drawn(4, seed=3) if biased else None
    padding = dilation * (kernel // 2)
    ours = voxelwise.conv3d(x, weight, bias, stride=stride, padding=padding, dilation=dilation)
    assert ours.is_contiguous(memory_format=torch.channels_last_3d)
    theirs = F.conv3d(x, weight, bias, tuple(stride), padding, dilation)
    same(ours, theirs, [x, weight] if bias is None else [x, weight, bias])


def test_weights_in_the_layout_are_the_same_function() -> None:
    network = nn.Sequential(nn.Conv3d(2, 3, 3), nn.ConvTranspose3d(3, 4, 2, 2), nn.Conv3d(4, 1, 1))
    x = drawn(1, 2, 5, 6, 7, seed=0)
    before = network(x)
    voxelwise.lay_out(network)
    torch.testing.assert_close(network(x), before)
    assert all(
        p.is_contiguous(memory_format=torch.channels_last_3d)
        for p in network.parameters()
        if p.dim() == 5
    )


@settings(max_examples=20, deadline=None)
@given(
    size=st.lists(st.integers(1, 5), min_size=3, max_size=3).filter(lambda s: max(s) > 2),
    samples=st.integers(1, 3),
    channels=st.integers(1, 5),
)
def test_the_instance_norm_of_bfloat16_is_a_group_norm_of_one_channel_a_group(
    size: list[int], samples: int, channels: int
) -> None:
    x = drawn(samples, channels, *size, seed=0)
    weight, bias = drawn(channels, seed=2), drawn(channels, seed=3)
    rounded = x.detach().bfloat16().requires_grad_()
    ours = voxelwise.instance_norm(rounded, weight, bias, 1e-5)
    exact = rounded.detach().float().requires_grad_()
    theirs = torch.group_norm(exact, channels, weight, bias, 1e-5)
    torch.testing.assert_close(ours.float(), theirs, rtol=2e-2, atol=2e-2)
    above = drawn(*theirs.shape, seed=1).detach().bfloat16()
    of_x, *of_weights = torch.autograd.grad(ours, [rounded, weight, bias], above)
    for a, b in zip(
        [of_x.float(), *of_weights],
        torch.autograd.grad(theirs, [exact, weight, bias], above.float()),
        strict=True,
    ):
        assert (a - b).norm() <= 0.03 * b.norm() + 0.03


def test_the_instance_norm_of_float32_loses_no_digits_over_many_voxels() -> None:
    x = drawn(1, 2, 64, 64, 64, seed=0).detach() + 20
    one, zero = torch.ones(2), torch.zeros(2)
    exact = torch.group_norm(x.double(), 2, one.double(), zero.double(), 1e-5)
    ours = voxelwise.instance_norm(x, one, zero, 1e-5)
    assert (ours - exact).abs().max() < 1e-4


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16, torch.float64])
@pytest.mark.parametrize("dims", [2, 3])
@pytest.mark.parametrize("learns", [True, False])
def test_the_layout_is_for_3d_and_not_for_the_gradients_of_float32(
    dtype: torch.dtype, dims: int, *, learns: bool
) -> None:
    with torch.set_grad_enabled(learns):
        pays = voxelwise.pays(torch.zeros(1, 2, *[4] * dims, dtype=dtype))
    available = torch.backends.mkldnn.is_available()
    fast = dtype == torch.bfloat16 or (dtype == torch.float32 and not learns)
    assert pays == (available and dims == 3 and fast)
