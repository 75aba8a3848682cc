"""Base classes of the network configurations."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, ClassVar, Self

from pydantic import BaseModel, ConfigDict, model_validator

from shaspec.models.blocks import Dims

LARGEST = 4096
"""Largest number of channels, kernel size, stride and so on in a card."""
DEEPEST = 64
"""Levels, and blocks of a level; a network with more takes minutes to make."""
COUNTS = ("depth", "blocks", "convs", "downsamplings", "dilations")
"""Parts of the names of settings that count layers."""


def check_sizes(settings: Mapping[str, Any]) -> None:
    """Raise ``ValueError`` for numbers that no network has, e.g. a width of 0 or 100,000 levels."""
    for key, value in settings.items():
        if isinstance(value, Mapping):
            check_sizes(value)
            continue
        several = isinstance(value, list | tuple)
        numbers = [n for n in (value if several else [value]) if type(n) is int]
        most = DEEPEST if any(word in key for word in COUNTS) else LARGEST
        least = 0 if "depths" in key or "blocks" in key else 1
        wrong = [n for n in numbers if not least <= n <= most]
        if wrong or (several and not 1 <= len(value) <= DEEPEST):
            raise ValueError(f"{key} = {value}: numbers from {least} to {most} are possible")
        if isinstance(value, float) and not math.isfinite(value):
            raise ValueError(f"{key} = {value}: is not a finite number")


class NetworkConfig(BaseModel):
    """Base of the configurations: immutable, and unknown settings are refused."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    old_names: ClassVar[Mapping[str, str]] = {}
    """Setting in model cards and configurations of earlier versions -> its name now."""

    @classmethod
    def with_current_names(cls, values: Mapping[str, Any]) -> dict[str, Any]:
        """Settings under their current names.

        If both the old and the current name are given, the old one is kept, and refused later.

        Args:
            values: settings by current or old name.

        Returns:
            The same settings by current name.
        """
        current = {old: new for old, new in cls.old_names.items() if new not in values}
        return {current.get(name, name): value for name, value in values.items()}

    @model_validator(mode="after")
    def _of_a_size_that_can_be_built(self) -> Self:
        check_sizes(self.model_dump())
        return self

    @model_validator(mode="before")
    @classmethod
    def _read_old_names(cls, values: Any) -> Any:
        return cls.with_current_names(values) if isinstance(values, Mapping) else values


class UNetConfig(NetworkConfig):
    """Settings of networks with one U-Net per modality (MAML, SimMLM)."""

    old_names: ClassVar[Mapping[str, str]] = {
        "base": "base_features",
        "most": "max_features",
        "halvings": "n_downsamplings",
    }

    modalities: int
    out_channels: int
    """Background and labels if ``exclusive``, otherwise regions."""
    dims: Dims = 3
    in_channels: int = 1
    base_features: int = 16
    """Channels of the first level; doubled with every downsampling, up to ``max_features``."""
    max_features: int = 320
    n_downsamplings: int = 5
    convs: int = 2
    """Convolutions per level."""
