"""A faster float64 convolution for networks of the paper's size.

PyTorch computes `conv3d` in float64 as a product with a matrix of all neighbours of all voxels (680
MB for 16 maps of 64x32x96 voxels), and spends most of the time on writing and reading that matrix.
Here it is made for a few rows of voxels at a time, so that it stays in the cache; and not at all
where every voxel is computed (stride 1).
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
"""Numbers in PyTorch's matrix (32 MB) from which the convolution by rows is faster."""
PART = 2**17
"""Numbers in the matrix of some rows (1 MB)."""


class Rowwise(TorchFunctionMode):
    """Within it, large float64 convolutions are computed by rows."""

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
    """`torch.nn.functional.conv3d`, by rows where that is faster."""
    steps, margins = _triple(stride), _triple(padding)
    numbers = weight[0].numel() * x[0, 0].numel() // (steps[0] * steps[1] * steps[2])
    plain = _triple(dilation) == (1, 1, 1) and groups == 1 and weight[0, 0].numel() > 1
    if x.dtype == torch.float64 and plain and numbers >= LARGE:
        if steps == (1, 1, 1):
            return by_taps(x, weight, bias, margins)
        return by_rows(x, weight, bias, steps, margins)
    return torch.conv3d(x, weight, bias, stride, padding, dilation, groups)


@torch.no_grad()
def by_taps(x: Tensor, weight: Tensor, bias: Tensor | None, padding: Sequence[int]) -> Tensor:
    """`by_rows` with stride 1: every weight of the kernel times a slice that is shifted by it.

    Padded rows lie one after the other, so a shift along two axes is one along all voxels of a
    plane. The last voxels of every row reach into the next one and are left out.
    """
    padded = F.pad(x, [margin for margin in reversed(padding) for _ in "ab"])
    depth, height, width = (
        n - k + 1 for n, k in zip(padded.shape[2:], weight.shape[2:], strict=True)
    )
    pitch = padded.shape[4]
    used = (height - 1) * pitch + width
    planes = padded.flatten(3)
    taps = weight.permute(2, 3, 4, 0, 1).contiguous()
    shifts = list(product(*map(range, weight.shape[2:])))
    result = x.new_empty(len(x), len(weight), depth, height, width)
    memory = x.new_empty(len(weight), height * pitch)
    total = memory[:, :used]
    for n, d in product(range(len(x)), range(depth)):
        for number, (a, b, c) in enumerate(shifts):
            start = b * pitch + c
            part = planes[n, :, d + a, start : start + used]
            torch.addmm(total, taps[a, b, c], part, beta=min(number, 1), out=total)
        result[n, :, d] = memory.view(len(weight), height, pitch)[..., :width]
    return result if bias is None else result.add_(bias.view(-1, 1, 1, 1))


def by_rows(
    x: Tensor, weight: Tensor, bias: Tensor | None, stride: Sequence[int], padding: Sequence[int]
) -> Tensor:
    """Convolve maps (N, C, D, H, W) with a weight (C', C, k, k, k): (N, C', D', H', W')."""
    neighbours = F.pad(x, [margin for margin in reversed(padding) for _ in "ab"])
    for axis, (size, step) in enumerate(zip(weight.shape[2:], stride, strict=True), start=2):
        neighbours = neighbours.unfold(axis, size, step)
    neighbours = neighbours.permute(0, 2, 1, 5, 6, 7, 3, 4)  # N, D', C, k, k, k, H', W'
    samples, depth, *_, height, width = neighbours.shape
    matrix = weight.flatten(1)
    rows = max(1, min(height, PART // (matrix.shape[1] * width)))
    memory = x.new_empty(matrix.shape[1] * rows * width)
    result = x.new_empty(samples, len(weight), depth, height, width)
    for n, d, start in product(range(samples), range(depth), range(0, height, rows)):
        part = neighbours[n, d, ..., start : start + rows, :]
        columns = memory[: part.numel()].view(part.shape).copy_(part)
        total = matrix @ columns.view(matrix.shape[1], -1)
        result[n, :, d, start : start + rows] = total.view(len(weight), -1, width)
    return result if bias is None else result.add_(bias.view(-1, 1, 1, 1))


def _triple(value: int | Sequence[int]) -> tuple[int, ...]:
    """One value for all axes, or one each -> one each."""
    return (value,) * 3 if isinstance(value, int) else tuple(value)
