"""3D layers in channels-last layout, which is fast on CPUs.

In PyTorch's ``channels_last_3d``, oneDNN convolves two to five times faster, but some operations of
PyTorch 2.10 to 2.13 are slow or inexact. They are replaced here by equivalent ones: `group_norm`
(its gradient takes 20 times that of `batch_norm`, and it loses two digits in float32), the
convolution of an image of one channel, and the choice of the convolution, which does not use oneDNN
for a batch of one in float32.
`benchmarks/training_steps.py` measures the difference.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeVar

import torch
import torch.nn.functional as F
from torch import Tensor, nn

N = TypeVar("N", bound=nn.Module)

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
    if weight.shape[1] == 1 and weight.shape[-1] > 1 and dilation == 1:
        return _of_one_channel(x, weight, bias, stride, padding)
    x = x.contiguous(memory_format=LAYOUT)
    if x.dtype == torch.float32 and not torch.is_autocast_enabled("cpu"):
        convolve: Any = torch.mkldnn_convolution
        spread = [[padding] * 3, list(stride), [dilation] * 3]
        result: Tensor = convolve(x, weight, bias, *spread, 1)
    else:
        result = F.conv3d(x, weight, bias, tuple(stride), padding, dilation)
    return result.contiguous(memory_format=LAYOUT)


def _of_one_channel(
    x: Tensor, weight: Tensor, bias: Tensor | None, stride: Sequence[int], padding: int
) -> Tensor:
    """A convolution of (N, 1, *spatial): the voxels under a row of the kernel become channels."""
    rows = F.pad(x[:, 0], (padding,) * 6).unfold(3, weight.shape[-1], stride[2]).movedim(-1, 1)
    columns = weight[:, 0].movedim(-1, 1)[..., None]
    return conv3d(rows, columns, bias, stride=(*stride[:2], 1))


def lay_out(network: nn.Module, layout: torch.memory_format = LAYOUT) -> None:
    """Store the weights of convolutions in this layout, or every call would copy them."""
    for parameter in network.parameters():
        if parameter.dim() == 5:
            parameter.data = parameter.data.contiguous(memory_format=layout)


def on_device(network: N, device: torch.device) -> N:
    """``network`` on ``device``, its weights in PyTorch's own layout but on a CPU."""
    if device.type != "cpu":
        lay_out(network, torch.contiguous_format)
    return network.to(device)


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
