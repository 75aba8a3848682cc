"""A faster float64 convolution for networks of the paper's size.

PyTorch computes `conv3d` in float64 from a matrix with all neighbours of all voxels (680 MB for 16
maps of 64x32x96 voxels), and spends most of the time on writing and reading it. Here one plane is
computed at a time, as a sum of one matrix product per position in the kernel.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import product
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor
from torch.overrides import TorchFunctionMode

LARGE = 2**22
"""Size of PyTorch's matrix (in numbers, 32 MB) from which planes are faster."""


class ByPlanes(TorchFunctionMode):
    """Within it, `torch.nn.functional.conv3d` is this module's `conv3d`."""

    def __torch_function__(
        self,
        func: Callable[..., Any],
        types: Sequence[type],
        args: tuple[Any, ...] = (),
        kwargs: dict[str, Any] | None = None,
    ) -> Any:
        return (conv3d if func is torch.conv3d else func)(*args, **(kwargs or {}))


def conv3d(
    x: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    stride: int | Sequence[int] = 1,
    padding: int | Sequence[int] = 0,
    dilation: int | Sequence[int] = 1,
    groups: int = 1,
) -> Tensor:
    """`torch.nn.functional.conv3d`, by planes where that is possible and faster."""
    k = weight.shape[-1]
    usual = _triple(stride) == _triple(dilation) == (1, 1, 1) and groups == 1
    same_size = weight.shape[2:] == (k, k, k) and _triple(padding) == (k // 2,) * 3 and k % 2
    large = weight[0].numel() * x[0, 0].numel() >= LARGE and x.shape[1] > 1
    if x.dtype == torch.float64 and k > 1 and usual and same_size and large:
        return by_planes(x, weight, bias)
    return torch.conv3d(x, weight, bias, stride, padding, dilation, groups)


def by_planes(x: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
    """Maps (N, C, D, H, W), weight (C', C, k, k, k) with k odd -> maps (N, C', D, H, W)."""
    k = weight.shape[-1]
    height, width = (size + k - 1 for size in x.shape[3:])
    plane = height * width
    # Planes and rows follow one another in memory, so a shift by a position of the kernel is an
    # offset. Values in the margin are meaningless and cut off; those of the last plane read on
    # behind its end.
    padded = F.pad(F.pad(x, (k // 2,) * 6).flatten(2), (0, (k - 1) * (width + 1)))
    positions = [
        (a * plane + b * width + c, weight[:, :, a, b, c].contiguous())
        for a, b, c in product(range(k), repeat=3)
    ]
    start = x.new_zeros(len(weight)) if bias is None else bias
    samples = []
    for maps in padded:
        planes = []
        for d in range(x.shape[2]):
            total = start[:, None].repeat(1, plane)
            for offset, matrix in positions:
                total.addmm_(matrix, maps[:, d * plane + offset :][:, :plane])
            planes.append(total.view(-1, height, width)[:, : x.shape[3], : x.shape[4]])
        samples.append(torch.stack(planes, dim=1))
    return torch.stack(samples)


def _triple(value: int | Sequence[int]) -> tuple[int, ...]:
    """One value for all axes, or one each -> one each."""
    return (value,) * 3 if isinstance(value, int) else tuple(value)
