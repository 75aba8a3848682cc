"""3D layers in channels-last layout, which is fast on CPUs.

In PyTorch's ``channels_last_3d``, oneDNN convolves two to five times faster, but three operations
of PyTorch 2.10 to 2.13 are slow. They are replaced here by equivalent ones: the gradient of
`group_norm` (20 times slower than that of `batch_norm`), the convolution of an image of one
channel, and the choice of the convolution, which does not use oneDNN for a batch of one in float32.
`benchmarks/training_steps.py` measures the difference.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

LAYOUT = torch.channels_last_3d


def pays(x: Tensor) -> bool:
    """True for maps (N, C, *spatial) that are computed faster in this layout.

    3D, on a CPU, in bfloat16; in float32 only without gradients, which do not use oneDNN.
    """
    onednn: Any = torch.backends.mkldnn
    if x.dim() != 5 or not x.is_cpu or not onednn.is_available() or torch.compiler.is_exporting():
        return False
    half = x.dtype == torch.bfloat16 or torch.is_autocast_enabled("cpu")
    return half or (x.dtype == torch.float32 and not torch.is_grad_enabled())


def conv3d(
    x: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    *,
    stride: Sequence[int] = (1, 1, 1),
    padding: int = 0,
    dilation: int = 1,
) -> Tensor:
    """`torch.nn.functional.conv3d` of maps for which the layout `pays`; the result has it."""
    if weight.shape[1] == 1 and weight.shape[2:] == (3, 3, 3) and padding == dilation == 1:
        return _of_one_channel(x, weight, bias, stride)
    x = x.contiguous(memory_format=LAYOUT)
    if x.dtype == torch.float32 and not torch.is_autocast_enabled("cpu"):
        convolve: Any = torch.mkldnn_convolution
        spread = [[padding] * 3, list(stride), [dilation] * 3]
        result: Tensor = convolve(x, weight, bias, *spread, 1)
    else:
        result = F.conv3d(x, weight, bias, tuple(stride), padding, dilation)
    return result.contiguous(memory_format=LAYOUT)


def _of_one_channel(
    x: Tensor, weight: Tensor, bias: Tensor | None, stride: Sequence[int]
) -> Tensor:
    """A 3x3x3 convolution of (N, 1, *spatial) as a matrix product: 27 neighbours per voxel."""
    if torch.is_autocast_enabled("cpu"):
        x = x.to(torch.get_autocast_dtype("cpu"))
    blocks = F.pad(x[:, 0], (1,) * 6)
    for axis, step in enumerate(stride, start=1):
        blocks = blocks.unfold(axis, 3, step)
    size = blocks.shape[1:4]
    rows = []
    for sample in blocks:
        neighbours = sample.permute(3, 4, 5, 0, 1, 2).reshape(27, prod(size))
        rows.append(F.linear(neighbours.T, weight.flatten(1), bias))
    return torch.stack(rows).view(len(x), *size, -1).movedim(-1, 1)


def instance_norm(x: Tensor, weight: Tensor, bias: Tensor, eps: float) -> Tensor:
    """Affine instance norm of maps (N, C, *spatial) of more than one voxel.

    In bfloat16, a batch norm of each sample. In this layout PyTorch sums voxel by voxel in single
    precision and loses two digits; in float32 they matter, so the maps are normalised in the
    contiguous layout.
    """
    if x.dtype != torch.bfloat16:
        return torch.group_norm(x.contiguous(), x.shape[1], weight, bias, eps)
    rows = [
        torch.batch_norm(row, weight, bias, None, None, True, 0.0, eps, False)
        for row in torch.split(x.contiguous(memory_format=LAYOUT), 1)
    ]
    return rows[0] if len(rows) == 1 else torch.cat(rows)
