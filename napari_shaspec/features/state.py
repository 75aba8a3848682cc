"""State of the panel *Features*, as evented fields."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
import numpy.typing as npt

from napari_shaspec.case.state import ModelState
from shaspec.analysis.features.cloud import Cloud, Method
from shaspec.analysis.features.measure import Measures
from shaspec.analysis.features.views import How
from shaspec.inference.feature_maps import FeatureKind, FeatureMaps

if TYPE_CHECKING:
    from shaspec.analysis.features.cohort import WindowPoint

ColourBy = Literal["modality", "kind", "region"]


@dataclass(frozen=True)
class FeatureView:
    """Which features are shown, and how."""

    kind: FeatureKind = "shared"
    how: How = How.COLOURS
    channel: int = 0


@dataclass(frozen=True)
class CloudSettings:
    """Which features are plotted, and the projection method."""

    kinds: tuple[FeatureKind, ...] = ("shared", "specific")
    method: Method = "pca"


@dataclass(frozen=True, eq=False)
class Marked:
    """The marked points of the cloud, a boolean mask (n,)."""

    points: npt.NDArray[np.bool_]


@dataclass(eq=False)
class FeaturesState(ModelState):
    """Everything the panel *Features* shows."""

    maps: FeatureMaps | None = None
    feature_view: FeatureView = FeatureView()
    side_by_side: bool = True
    """One pane per modality, with its image below the features."""
    plot: CloudSettings = CloudSettings()
    cloud: Cloud | None = None
    colour_by: ColourBy = "modality"
    marked: Marked | None = None
    measures: Measures | None = None
    cohort: tuple[WindowPoint, ...] = ()
    """Features of many cases: one point per window, kind and modality."""
