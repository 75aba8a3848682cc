"""The depthwise convolution and its gradients equal those of PyTorch."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from shaspec.models.depthwise import depthwise_conv


def gradients(result: Tensor, of: list[Tensor], weight: Tensor) -> list[Tensor]:
    return list(torch.autograd.grad((result * weight).sum(), of))


@settings(max_examples=20)
@given(
    size=st.one_of(*[st.lists(st.integers(1, 6), min_size=n, max_size=n) for n in (2, 3)]),
    samples=st.integers(1, 2),
    channels=st.integers(1, 5),
    kernel=st.sampled_from([1, 3, 5]),
    seed=st.integers(0, 2**16),
)
def test_values_and_gradients_are_those_of_pytorch(
    size: list[int], samples: int, channels: int, kernel: int, seed: int
) -> None:
    rng = torch.Generator().manual_seed(seed)

    def drawn(*shape: int) -> Tensor:
        return torch.randn(shape, generator=rng, dtype=torch.float64).requires_grad_()

    x, bias = drawn(samples, channels, *size), drawn(channels)
    weight = drawn(channels, 1, *[kernel] * len(size))
    convolution = F.conv2d if len(size) == 2 else F.conv3d
    theirs = convolution(x, weight, bias, padding=kernel // 2, groups=channels)
    ours = depthwise_conv(x, weight, bias)
    torch.testing.assert_close(ours, theirs)
    above = drawn(*theirs.shape).detach()
    for a, b in zip(
        gradients(ours, [x, weight, bias], above),
        gradients(theirs, [x, weight, bias], above),
        strict=True,
    ):
        torch.testing.assert_close(a, b)


def test_weights_get_single_precision_gradients_under_autocast() -> None:
    rng = torch.Generator().manual_seed(0)
    tokens = torch.randn(2, 4 * 5 * 6, 8, generator=rng)
    weight = torch.randn(8, 1, 3, 3, 3, generator=rng).requires_grad_()
    bias = torch.randn(8, generator=rng).requires_grad_()

    def gradient_of_weight(*, mixed: bool) -> Tensor:
        maps = tokens.transpose(1, 2).view(2, 8, 4, 5, 6)
        with torch.autocast("cpu", torch.bfloat16, enabled=mixed):
            result = depthwise_conv(maps, weight, bias)
        assert result.dtype == (torch.bfloat16 if mixed else torch.float32)
        return gradients(result.float().tanh(), [weight], torch.ones(()))[0]

    mixed, exact = gradient_of_weight(mixed=True), gradient_of_weight(mixed=False)
    assert mixed.dtype == torch.float32
    assert (mixed - exact).norm() < 0.02 * exact.norm()
