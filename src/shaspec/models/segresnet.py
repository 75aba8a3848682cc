"""SegResNet, the residual U-Net of the zero-fill baseline.

A. Myronenko, *3D MRI brain tumor segmentation using autoencoder regularization*, BrainLes 2018,
https://arxiv.org/abs/1810.11654, without its autoencoder branch. The same network as MONAI's
``SegResNet`` with default options: same parameter names, same initialisation order, same output.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence

import torch.nn.functional as F
from torch import Tensor, nn

from shaspec.models.blocks import Dims, conv_class

GROUPS = 8  # of every group norm


class ResBlock(nn.Module):
    """Pre-activation residual block: two times group norm, ReLU, 3x3 convolution."""

    def __init__(self, dims: Dims, channels: int) -> None:
        super().__init__()
        self.norm1 = nn.GroupNorm(GROUPS, channels)
        self.norm2 = nn.GroupNorm(GROUPS, channels)
        self.conv1 = _conv(dims, channels, channels)
        self.conv2 = _conv(dims, channels, channels)

    def forward(self, x: Tensor) -> Tensor:
        y = self.conv1(F.relu(self.norm1(x)))
        change: Tensor = self.conv2(F.relu(self.norm2(y)))
        return x + change


class SegResNet(nn.Module):
    """Encoder and decoder of residual blocks; levels differ by a factor of two in size and width.

    Args:
        dims: Number of spatial axes.
        in_channels: Channels of the input.
        out_channels: Channels of the output (logits).
        init_filters: Channels of the first level, a multiple of 8.
        blocks_down: Residual blocks of each encoder level.
        blocks_up: Residual blocks of each decoder level, one level fewer than the encoder.
    """

    def __init__(
        self,
        dims: Dims,
        in_channels: int,
        out_channels: int,
        init_filters: int,
        blocks_down: Sequence[int],
        blocks_up: Sequence[int],
    ) -> None:
        super().__init__()
        widths = [init_filters * 2**level for level in range(len(blocks_down))]
        # MONAI's names and its order of construction: weights load from either, and a seed gives
        # the same ones.
        self.convInit = _conv(dims, in_channels, init_filters)
        self.down_layers = nn.ModuleList()
        for level, (width, count) in enumerate(zip(widths, blocks_down, strict=True)):
            halve = _conv(dims, width // 2, width, stride=2) if level else nn.Identity()
            self.down_layers.append(nn.Sequential(halve, *_blocks(dims, width, count)))
        self.up_layers, self.up_samples = nn.ModuleList(), nn.ModuleList()
        for width, count in zip(widths[-2::-1], blocks_up, strict=True):
            self.up_layers.append(nn.Sequential(*_blocks(dims, width, count)))
            double = nn.Upsample(scale_factor=2, mode="bilinear" if dims == 2 else "trilinear")
            narrow = _conv(dims, 2 * width, width, kernel=1)
            self.up_samples.append(nn.Sequential(narrow, double))
        self.conv_final = nn.Sequential(
            nn.GroupNorm(GROUPS, init_filters),
            nn.ReLU(inplace=True),
            _conv(dims, init_filters, out_channels, kernel=1, bias=True),
        )

    def forward(self, x: Tensor) -> Tensor:
        """Logits (N, out_channels, *spatial) of the images ``x`` (N, in_channels, *spatial)."""
        x = self.convInit(x)
        skips = []
        for down in self.down_layers:
            x = down(x)
            skips.append(x)
        for skip, up_sample, up in zip(skips[-2::-1], self.up_samples, self.up_layers, strict=True):
            x = up(up_sample(x) + skip)
        logits: Tensor = self.conv_final(x)
        return logits


def _blocks(dims: Dims, channels: int, count: int) -> list[ResBlock]:
    return [ResBlock(dims, channels) for _ in range(count)]


def _conv(
    dims: Dims,
    in_channels: int,
    out_channels: int,
    kernel: int = 3,
    stride: int = 1,
    bias: bool = False,
) -> nn.Sequential:
    """A convolution with "same" padding, wrapped in a module as in MONAI (``.conv``)."""
    conv = conv_class(dims)(
        in_channels, out_channels, kernel, stride=stride, padding=kernel // 2, bias=bias
    )
    return nn.Sequential(OrderedDict(conv=conv))
