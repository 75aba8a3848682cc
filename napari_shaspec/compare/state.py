"""State of the panel *Compare*."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING

from napari_shaspec.compare.sides import Side
from napari_shaspec.jobs.state import JobState
from napari_shaspec.layers.maps import Map
from shaspec.analysis.agreement import RegionAgreement

if TYPE_CHECKING:
    from napari.layers import Image, Labels, Layer


class Shown(Enum):
    """What is on the canvas."""

    FIRST = "first"
    SECOND = "second"
    DIFFERENCE = "difference"
    SWIPE = "swipe"
    """The first on the left of a line, the second on the right."""


@dataclass(frozen=True, eq=False)
class Comparison:
    """The result of a comparison."""

    first: Side
    second: Side
    rows: tuple[RegionAgreement, ...]
    """Smallest region first."""
    maps: dict[str, Map]
    """Region -> its difference map."""

    @property
    def sides(self) -> tuple[Side, Side]:
        """Both label maps."""
        return self.first, self.second


@dataclass(eq=False)
class CompareState(JobState):
    """Everything the panel *Compare* shows."""

    choices: tuple[Labels, ...] = ()
    """The layers that can be compared, the top of the list first."""
    names: dict[int, str] = field(default_factory=dict)
    """``id`` of a layer -> its text in the lists, with the model and the case."""
    images: tuple[Image, ...] = ()
    """The images that can be looked at in the same way, the top of the list first."""
    first: Labels | Image | None = None
    second: Labels | Image | None = None
    comparison: Comparison | None = None
    region: str = ""
    """The region of the difference layer."""
    shown: Shown | None = None
    """What this panel has put on the canvas; None: nothing yet."""
    swiping: tuple[Layer, ...] = ()
    """The two layers on the sides of the line now; empty: no swipe."""
    line: float = 0.5
    """Where the line is, as a fraction of the width of the canvas."""

    @property
    def two(self) -> bool:
        """Two label maps, or two images, are chosen."""
        # Plugins get proxies: their type is the same, their class is that of the layer.
        return self.first is not None and self.first.__class__ is self.second.__class__
