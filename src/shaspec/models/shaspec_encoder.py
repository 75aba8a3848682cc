"""The encoders of ShaSpec: a stem, residual stages and atrous spatial pyramid pooling (ASPP)."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from pydantic import BaseModel, ConfigDict
from torch import Tensor, nn

from shaspec.models.blocks import (
    SLOPE,
    Conv,
    ConvNorm,
    Dims,
    InstanceNorm,
    Residual,
)


class EncoderConfig(BaseModel):
    """Shape of one encoder: a stem, residual stages, a pyramid of dilated convolutions."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    stem_width: int
    stem_kernel: int = 7
    stem_stride: tuple[int, ...] = (1, 2, 2)
    max_pool: bool = True
    """Halve after the stem by max-pooling; otherwise the first stage halves."""
    widths: tuple[int, ...]
    """Output channels of the stages."""
    depths: tuple[int, ...]
    """Residual blocks per stage."""
    bottleneck: tuple[int, ...] | None = None
    """Inner width of the bottleneck blocks per stage; None: plain blocks of two 3x3."""
    channels: int = 256
    """Channels of the features."""
    dilations: tuple[int, ...] = (2, 4, 8)
    image_pool: bool = True


class Aspp(nn.Module):
    """Atrous spatial pyramid: parallel dilated convolutions, joined by a 1x1."""

    def __init__(
        self, dims: Dims, channels: int, dilations: tuple[int, ...], image_pool: bool, ws: bool
    ) -> None:
        super().__init__()
        self.branches = nn.ModuleList([ConvNorm(dims, channels, channels, 1, standardised=ws)])
        for d in dilations:
            self.branches.append(ConvNorm(dims, channels, channels, 3, dilation=d, standardised=ws))
        self.pool_conv = Conv(dims, channels, channels, 1, standardised=ws) if image_pool else None
        self.pool_norm = InstanceNorm(channels) if image_pool else None
        n = len(self.branches) + int(image_pool)
        self.join = ConvNorm(dims, n * channels, channels, 1, standardised=ws)

    def forward(self, x: Tensor) -> Tensor:
        maps = [branch(x) for branch in self.branches]
        if self.pool_norm is not None:
            # An instance norm over one voxel outputs its bias for every image: the authors'
            # image-pool branch is this constant. Computing it through the norm only adds rounding.
            constant = F.leaky_relu(self.pool_norm.bias, SLOPE)
            maps.append(constant.view(1, -1, *(1,) * (x.dim() - 2)).expand_as(maps[0]))
        result: Tensor = self.join(torch.cat(maps, dim=1))
        return result


class Encoder(nn.Module):
    """Image (N, C, D, H, W) -> stage outputs, the reduced map and the feature after the pyramid."""

    def __init__(self, dims: Dims, in_channels: int, c: EncoderConfig, ws: bool) -> None:
        super().__init__()
        stride = c.stem_stride[-dims:]
        self.stem = ConvNorm(
            dims, in_channels, c.stem_width, c.stem_kernel, stride, standardised=ws
        )
        pool = nn.MaxPool2d if dims == 2 else nn.MaxPool3d
        self.pool = pool(3, stride=2, padding=1) if c.max_pool else nn.Identity()
        stages, before = [], c.stem_width
        for k, (width, depth) in enumerate(zip(c.widths, c.depths, strict=True)):
            halve = 1 if k == 0 and c.max_pool else 2
            inner = c.bottleneck[k] if c.bottleneck else None
            blocks = [
                Residual(
                    dims,
                    before if i == 0 else width,
                    width,
                    halve if i == 0 else 1,
                    width=inner,
                    project=i == 0,
                    standardised=ws,
                )
                for i in range(depth)
            ]
            stages.append(nn.Sequential(*blocks))
            before = width
        self.stages = nn.ModuleList(stages)
        self.reduce = ConvNorm(dims, before, c.channels, 1, standardised=ws)
        self.aspp = Aspp(dims, c.channels, c.dilations, c.image_pool, ws)

    def forward(self, image: Tensor) -> tuple[list[Tensor], Tensor, Tensor]:
        """Stem and stage outputs (shallow to deep), reduced map, feature (both at the last)."""
        x = self.stem(image)
        maps = [x]
        x = self.pool(x)
        for stage in self.stages:
            x = stage(x)
            maps.append(x)
        reduced = self.reduce(x)
        return maps, reduced, self.aspp(reduced)
