"""Depthwise convolution with a gradient that is fast on a CPU.

PyTorch's gradient takes many times as long as the convolution, especially in bfloat16 and for maps
made from tokens, which are not contiguous. Here the gradient of the input is computed as a
depthwise convolution with the flipped kernel, and the gradient of the weight in single precision.
`benchmarks/depthwise.py` compares both.
"""

from __future__ import annotations

from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor
from torch.nn.grad import conv2d_weight, conv3d_weight


def depthwise_conv(x: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
    """Maps (N, C, *size), kernels (C, 1, k, ...) of odd size, bias (C,) -> maps of one shape."""
    convolve: Any = _OnCpu.apply if x.is_cpu else _convolve
    result: Tensor = convolve(x, weight, bias)
    return result


class _OnCpu(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:
        ctx.save_for_backward(x, weight)
        return _convolve(x, weight, bias)

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, Tensor, Tensor | None]:
        x, weight = ctx.saved_tensors
        space = tuple(range(2, x.dim()))
        of_x = _convolve(gradient, weight.to(gradient.dtype).flip(space))
        wide = torch.promote_types(x.dtype, torch.float32)
        conv_weight: Any = conv2d_weight if x.dim() == 4 else conv3d_weight
        of_weight = conv_weight(
            x.to(wide),
            weight.shape,
            gradient.to(wide),
            padding=weight.shape[-1] // 2,
            groups=len(weight),
        )
        of_bias = gradient.sum((0, *space), dtype=wide) if ctx.needs_input_grad[2] else None
        return of_x, of_weight, of_bias


def _convolve(x: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
    convolution: Any = F.conv2d if x.dim() == 4 else F.conv3d
    result: Tensor = convolution(x, weight, bias, padding=weight.shape[-1] // 2, groups=len(weight))
    return result
