"""Layers that several networks share; 2D and 3D by ``dims``."""

from __future__ import annotations

from typing import Any, Literal

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from shaspec.models import voxelwise

Dims = Literal[2, 3]
SLOPE = 0.01  # of every LeakyReLU, as in nnU-Net and in the authors' networks


def conv_class(dims: Dims) -> type[nn.Conv2d] | type[nn.Conv3d]:
    """The convolution class for ``dims`` axes."""
    return nn.Conv2d if dims == 2 else nn.Conv3d


def convolve(
    x: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    *,
    stride: int | tuple[int, ...] = 1,
    padding: int = 0,
    dilation: int = 1,
) -> Tensor:
    """Maps (N, C, *spatial), weight (C', C, k, ...) -> maps (N, C', *spatial)."""
    if voxelwise.pays(x):
        steps = (stride,) * 3 if isinstance(stride, int) else stride
        return voxelwise.conv3d(x, weight, bias, stride=steps, padding=padding, dilation=dilation)
    convolution: Any = F.conv2d if x.dim() == 4 else F.conv3d
    result: Tensor = convolution(x, weight, bias, stride=stride, padding=padding, dilation=dilation)
    return result


class _FastConv3d(nn.Conv3d):
    """A convolution in the layout that is fast on a CPU, before an instance norm."""

    def forward(self, x: Tensor) -> Tensor:
        stride, padding, dilation = self.stride, int(self.padding[0]), self.dilation[0]
        return convolve(
            x, self.weight, self.bias, stride=stride, padding=padding, dilation=dilation
        )


def fast_conv_class(dims: Dims) -> type[nn.Conv2d] | type[nn.Conv3d]:
    """`conv_class` for a convolution that an `InstanceNorm` follows, with one padding and one
    dilation for all axes; same parameters, same function."""
    return nn.Conv2d if dims == 2 else _FastConv3d


class InstanceNorm(nn.Module):
    """Affine instance norm as a group norm with one channel a group.

    The same function as ``nn.InstanceNorm3d`` without running statistics, faster on a CPU, and
    defined on a map of a single voxel, where its output is its bias.
    """

    def __init__(self, channels: int, eps: float = 1e-5) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(channels))
        self.bias = nn.Parameter(torch.zeros(channels))
        self.eps = eps

    def forward(self, x: Tensor) -> Tensor:
        if voxelwise.pays(x) and x[0, 0].numel() > 1:
            return voxelwise.instance_norm(x, self.weight, self.bias, self.eps)
        return torch.group_norm(x, x.shape[1], self.weight, self.bias, self.eps)


def standardise(weight: Tensor) -> Tensor:
    """Weight standardisation over the fan-in, per output channel (Qiao et al. 2019)."""
    fan_in = weight.flatten(1)
    mean = fan_in.mean(dim=1, keepdim=True)
    scale = torch.rsqrt(fan_in.var(dim=1, keepdim=True) + 1e-12)
    return ((fan_in - mean) * scale).view_as(weight)


class Conv(nn.Module):
    """Bias-free convolution with "same" padding and optional weight standardisation.

    `fold` replaces the weight by the standardised one, for inference: the same function without the
    work at every call.
    """

    def __init__(
        self,
        dims: Dims,
        in_channels: int,
        out_channels: int,
        kernel: int = 3,
        stride: int | tuple[int, ...] = 1,
        dilation: int = 1,
        *,
        standardised: bool = False,
    ) -> None:
        super().__init__()
        shape = (out_channels, in_channels, *(kernel,) * dims)
        self.weight = nn.Parameter(torch.empty(shape))
        if not self.weight.is_meta:  # which would import torch's compiler, for a second
            nn.init.kaiming_normal_(self.weight, a=SLOPE, mode="fan_out")
        self.dims, self.stride, self.dilation = dims, stride, dilation
        self.padding = dilation * (kernel // 2)
        self.standardised = standardised

    def kernel_weight(self) -> Tensor:
        """The weight that convolves: standardised over the whole fan-in where asked."""
        return standardise(self.weight) if self.standardised else self.weight

    def fold(self) -> None:
        """Make the standardised weight the weight itself (inference only)."""
        self.weight.data = self.kernel_weight().data
        self.standardised = False

    def forward(self, x: Tensor) -> Tensor:
        return self.convolve(x, self.kernel_weight())

    def convolve(self, x: Tensor, weight: Tensor) -> Tensor:
        """Convolve with another weight of the same kernel size, e.g. a part of ours."""
        return convolve(x, weight, stride=self.stride, padding=self.padding, dilation=self.dilation)


class ConvNorm(nn.Sequential):
    """Convolution, instance norm and, by default, LeakyReLU."""

    def __init__(
        self,
        dims: Dims,
        in_channels: int,
        out_channels: int,
        kernel: int = 3,
        stride: int | tuple[int, ...] = 1,
        dilation: int = 1,
        *,
        standardised: bool = False,
        activation: bool = True,
    ) -> None:
        conv = Conv(
            dims, in_channels, out_channels, kernel, stride, dilation, standardised=standardised
        )
        tail = [nn.LeakyReLU(SLOPE, inplace=True)] if activation else []
        super().__init__(conv, InstanceNorm(out_channels), *tail)


class Residual(nn.Module):
    """Post-activation residual block: LeakyReLU(body(x) + shortcut(x)).

    ``bottleneck``: 1x1 to ``width``, 3x3 with the stride, 1x1 to ``out_channels`` (ResNet-50);
    otherwise two 3x3 convolutions, the first with the stride.
    """

    def __init__(
        self,
        dims: Dims,
        in_channels: int,
        out_channels: int,
        stride: int = 1,
        *,
        width: int | None = None,
        project: bool = False,
        standardised: bool = False,
    ) -> None:
        super().__init__()

        def layer(a: int, b: int, kernel: int, s: int = 1, activation: bool = True) -> ConvNorm:
            return ConvNorm(dims, a, b, kernel, s, standardised=standardised, activation=activation)

        if width is None:
            self.body = nn.Sequential(
                layer(in_channels, out_channels, 3, stride),
                layer(out_channels, out_channels, 3, activation=False),
            )
        else:
            self.body = nn.Sequential(
                layer(in_channels, width, 1),
                layer(width, width, 3, stride),
                layer(width, out_channels, 1, activation=False),
            )
        self.shortcut = (
            layer(in_channels, out_channels, 1, stride, activation=False)
            if project or stride != 1 or in_channels != out_channels
            else nn.Identity()
        )

    def forward(self, x: Tensor) -> Tensor:
        return F.leaky_relu(self.body(x) + self.shortcut(x), SLOPE)


def double_size(dims: Dims, in_channels: int, out_channels: int) -> nn.Module:
    """Transposed convolution of kernel and stride 2, no bias."""
    transposed = nn.ConvTranspose2d if dims == 2 else nn.ConvTranspose3d
    return transposed(in_channels, out_channels, 2, stride=2, bias=False)


def fold_standardisation(module: nn.Module) -> None:
    """Fold every weight-standardised convolution in ``module``."""
    for part in module.modules():
        if isinstance(part, Conv):
            part.fold()
