"""Linear Fusion: SegFormer with one stream per modality (Maheshwari et al., WACV 2024).

The paper's figure from left to right: a Mix Transformer encodes every modality with the same
weights (`mix_transformer`); in every block each stream takes 20 % from the others; one head
segments each stream; a learned mean of the streams' predictions is the ensemble. An absent modality
is replaced by a learned mask token (masked modality learning, M3L). Any number
of modalities from two on exchange by `mix_transformer.linear_fusion`; 3D has one more axis.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from typing import ClassVar, Self

import torch
import torch.nn.functional as F
from pydantic import model_validator
from torch import Tensor, nn

from shaspec.models.base import Features, Network, Output, all_rows, presence
from shaspec.models.blocks import Dims, conv_class
from shaspec.models.config import NetworkConfig
from shaspec.models.mix_transformer import mix_transformer


class LinearFusionConfig(NetworkConfig):
    """Configuration of a Linear Fusion network; the defaults are the published MiT-B2."""

    modalities: int
    out_channels: int
    dims: Dims = 2
    in_channels: int | None = None
    """Channels of every modality; None: 3 in 2D (the channel of depth is repeated), 1 in 3D."""
    widths: tuple[int, ...] = (64, 128, 320, 512)
    depths: tuple[int, ...] = (3, 4, 6, 3)
    heads: tuple[int, ...] = (1, 2, 5, 8)
    reductions: tuple[int, ...] = (8, 4, 2, 1)
    """Per stage: factor by which attention reduces the map of keys and values."""
    mlp_ratio: int = 4
    head_width: int = 256
    ratio: float = 0.8
    """Share of itself that a stream keeps in every exchange."""
    drop_path: float = 0.1
    dropout: float = 0.1
    exclusive: bool = True
    """Trained with a softmax over classes, as the authors do."""

    @model_validator(mode="after")
    def _several(self) -> Self:
        if self.modalities < 2:
            raise ValueError("linear fusion needs at least two modalities")
        return self

    @property
    def channels(self) -> int:
        """Input channels of every modality."""
        return self.in_channels or (3 if self.dims == 2 else 1)


@dataclass
class LinearFusionOutput(Output):
    """``logits`` are those of the ensemble; their gradient only reaches the ensemble weights."""

    stream_logits: list[Tensor]
    """(N, K, *spatial) of each stream, those of absent modalities too: the others inform them."""


class Head(nn.Module):
    """SegFormer's: every stage to one width and to the finest size, joined, classified."""

    def __init__(self, dims: Dims, widths: Sequence[int], c: LinearFusionConfig) -> None:
        super().__init__()
        conv, width = conv_class(dims), c.head_width
        self.projections = nn.ModuleList(nn.Linear(w, width) for w in widths)
        self.join = conv(len(widths) * width, width, 1, bias=False)
        self.norm = nn.BatchNorm2d(width) if dims == 2 else nn.BatchNorm3d(width)
        self.dropout = nn.Dropout2d(c.dropout) if dims == 2 else nn.Dropout3d(c.dropout)
        self.classify = conv(width, c.out_channels, 1)

    def forward(self, maps: Sequence[Tensor]) -> Tensor:
        """Stage maps (N, C, *size), fine to coarse -> logits (N, K, *finest).

        The join is a 1x1 convolution of all stages, coarse to fine, at the finest size. It is
        linear, as resizing is: each stage takes its part of it at its own size, before the sum.
        """
        parts = self.join.weight.flatten(1).chunk(len(maps), dim=1)[::-1]
        levels = []
        for projection, part, x in zip(self.projections, parts, maps, strict=True):
            level = F.linear(projection(x.movedim(1, -1)), part).movedim(-1, 1)
            levels.append(_resize(level, maps[0].shape[2:], align_corners=False))
        joined = F.relu(self.norm(reduce(torch.add, levels)))
        result: Tensor = self.classify(self.dropout(joined))
        return result


class LinearFusion(Network):
    """The segmentation network; see `LinearFusionConfig` and the presets in `registry`."""

    instant_toggles: ClassVar[bool] = False  # streams exchange from the first block on
    any_size: ClassVar[bool] = True  # from a patch of the coarsest attention on

    def __init__(self, config: LinearFusionConfig) -> None:
        super().__init__()
        c = self.config = config
        self.modalities, self.exclusive = c.modalities, c.exclusive
        self.in_channels = c.channels
        self.divisor = (32,) * c.dims
        self.stages = mix_transformer(
            c.dims,
            c.modalities,
            c.channels,
            c.widths,
            c.depths,
            c.heads,
            c.reductions,
            c.mlp_ratio,
            c.ratio,
            c.drop_path,
        )
        self.head = Head(c.dims, c.widths, c)
        self.stream_weights = nn.Parameter(torch.zeros(c.modalities))

    def encode(self, image: Tensor, modality: int) -> Features:
        """Only the image (N, C, *spatial) can be kept; a single channel is repeated to C."""
        del modality
        return {"image": self.widened(image)}

    def stage_maps(
        self, features: Mapping[int, Features], present: Tensor | None = None
    ) -> list[Tensor]:
        """Normalised maps of every stage, (M, N, C, *size), fine to coarse."""
        present = presence(features, self.modalities, present)
        blank = torch.zeros_like(next(iter(features.values()))["image"])
        images = [features[m]["image"] if m in features else blank for m in range(self.modalities)]
        x, mask = torch.cat(images), None if all_rows(present) else present
        maps = []
        for k, stage in enumerate(self.stages):
            x = stage(x, mask if k == 0 else None)
            maps.append(x.view(self.modalities, -1, *x.shape[1:]))
        return maps

    def decode(
        self, features: Mapping[int, Features], present: Tensor | None = None
    ) -> LinearFusionOutput:
        """The whole network: -> ensemble and stream logits (N, K, *spatial)."""
        size = next(iter(features.values()))["image"].shape[2:]
        maps = [x.flatten(0, 1) for x in self.stage_maps(features, present)]
        streams = self.head(maps)
        streams = streams.view(self.modalities, -1, *streams.shape[1:])
        # The ensemble learns how far to trust each stream, not the streams themselves.
        votes = streams.detach() if self.training else streams
        weights = self.stream_weights.softmax(dim=0)
        ensemble = torch.einsum("m,m...->...", weights, votes)
        logits = [_resize(x, size, align_corners=True) for x in (ensemble, *streams)]
        return LinearFusionOutput(logits[0], stream_logits=logits[1:])


def _resize(x: Tensor, size: Sequence[int], *, align_corners: bool) -> Tensor:
    if x.shape[2:] == tuple(size):
        return x
    mode = "bilinear" if len(size) == 2 else "trilinear"
    return F.interpolate(x, tuple(size), mode=mode, align_corners=align_corners)
