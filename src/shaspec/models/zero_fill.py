"""The zero-fill baseline: one network; the channels of absent modalities are zero.

A SegResNet with all modalities as channels, trained with modality dropout. The same commands
compare it with all other methods.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar, Self

import torch
from pydantic import Field, model_validator
from torch import Tensor

from shaspec.models.base import Features, Network, Output, presence, row_mask
from shaspec.models.blocks import Dims
from shaspec.models.config import NetworkConfig
from shaspec.models.segresnet import SegResNet


class ZeroFillConfig(NetworkConfig):
    """SegResNet's size; the defaults have 1.2 M parameters."""

    modalities: int
    out_channels: int
    dims: Dims = 3
    in_channels: int = 1
    """Number of channels of every modality."""
    init_filters: int = Field(8, gt=0, multiple_of=8)
    blocks_down: tuple[int, ...] = (1, 2, 2, 4)
    blocks_up: tuple[int, ...] = (1, 1, 1)

    @model_validator(mode="after")
    def _one_level_fewer_upwards(self) -> Self:
        if len(self.blocks_up) != len(self.blocks_down) - 1:
            raise ValueError("blocks_up needs one entry fewer than blocks_down")
        return self


class ZeroFill(Network):
    """SegResNet whose absent input channels are zero. It has no features of single modalities."""

    instant_toggles: ClassVar[bool] = False

    def __init__(self, config: ZeroFillConfig) -> None:
        super().__init__()
        self.config = config
        self.modalities, self.in_channels = config.modalities, config.in_channels
        self.divisor = (2 ** (len(config.blocks_down) - 1),) * config.dims
        self.network = SegResNet(
            dims=config.dims,
            init_filters=config.init_filters,
            in_channels=config.modalities * config.in_channels,
            out_channels=config.out_channels,
            blocks_down=config.blocks_down,
            blocks_up=config.blocks_up,
        )

    def encode(self, image: Tensor, modality: int) -> Features:
        """The image (N, C, *spatial) itself; nothing is encoded."""
        del modality
        return {"image": self.widened(image)}

    def decode(self, features: Mapping[int, Features], present: Tensor | None = None) -> Output:
        """Zero the absent channels and run the whole network."""
        present = presence(features, self.modalities, present)
        like = next(iter(features.values()))["image"]
        channels = [
            features[m]["image"] * row_mask(present, m, like)
            if m in features
            else torch.zeros_like(like)
            for m in range(self.modalities)
        ]
        return Output(self.network(torch.cat(channels, dim=1)))
