"""The state of the panel *Features*, as evented fields."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
import numpy.typing as npt

from napari_shaspec.case.state import ModelState
from shaspec.analysis.features.cloud import Cloud, Method
from shaspec.analysis.features.measure import Measures
from shaspec.analysis.features.views import How
from shaspec.inference.feature_maps import FeatureMaps, Kind

if TYPE_CHECKING:
    from shaspec.analysis.features.cohort import WindowPoint

ColourBy = Literal["modality", "kind", "region"]


@dataclass(frozen=True)
class FeatureView:
    """What is looked at, and how."""

    kind: Kind = "shared"
    how: How = How.COLOURS
    channel: int = 0


@dataclass(frozen=True)
class Plot:
    """Which features are points, and how they are put into a plane."""

    kinds: tuple[Kind, ...] = ("shared", "specific")
    method: Method = "pca"


@dataclass(frozen=True, eq=False)
class Marked:
    """The points of the cloud that are marked, (n,)."""

    points: npt.NDArray[np.bool_]


@dataclass(eq=False)
class FeaturesState(ModelState):
    """Everything that the panel *Features* shows."""

    maps: FeatureMaps | None = None
    feature_view: FeatureView = FeatureView()
    side_by_side: bool = True
    """One pane per modality, its image below its features."""
    plot: Plot = Plot()
    cloud: Cloud | None = None
    colour_by: ColourBy = "modality"
    marked: Marked | None = None
    measures: Measures | None = None
    cohort: tuple[WindowPoint, ...] = ()
    """Features of many cases, a point per window, kind and modality."""
