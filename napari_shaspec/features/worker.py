"""What the worker of the panel *Features* makes of feature maps: pictures, points, a sentence."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from napari_shaspec.features.state import FeatureView, Plot
from napari_shaspec.layers import features
from napari_shaspec.layers.features import Picture
from shaspec.analysis.features.cloud import Cloud, make_cloud
from shaspec.analysis.features.views import How, imputation_error
from shaspec.inference.feature_maps import FeatureMaps

if TYPE_CHECKING:
    from shaspec.analysis.features.cohort import WindowPoint
    from shaspec.task import Task


@dataclass(frozen=True, eq=False)
class Drawn:
    """The event of a job that has made the pictures of a look."""

    view: FeatureView
    pictures: list[Picture]
    text: str
    """What is to be seen, in a sentence."""


def draw(maps: FeatureMaps, view: FeatureView) -> Drawn:
    """The pictures of a look, or of the nearest that these maps have."""
    if view.kind not in maps.kinds:  # another model, or all modalities are ticked now
        view = replace(view, kind=maps.kinds[0], channel=0)
    pictures = features.make_pictures(maps, view.kind, view.how, view.channel)
    return Drawn(view, pictures, _said(maps, view))


def first_cloud(maps: FeatureMaps, plot: Plot) -> Cloud:
    """The points by principal components, which take no time; kinds that the model has not go."""
    kinds = tuple(kind for kind in plot.kinds if maps.of(kind)) or maps.kinds[:1]
    return make_cloud(maps, kinds, "pca")


def _said(maps: FeatureMaps, view: FeatureView) -> str:
    """What is on the canvas, in a sentence."""
    if view.kind == "imputed":
        errors = [imputation_error(maps, kind) for kind in ("shared", "fused")]
        if not errors[0]:
            return "What stands for the modalities that were not acquired."
        near, far = (np.median([v[maps.inside] for v in e.values()]) for e in errors)
        return (
            f"The stand-in is off by {near:.2f} of the true shared feature and by {far:.2f} "
            "of the fused one that it replaces (medians; 1 is no better than nothing)."
        )
    texts = {
        How.COLOURS: "the same colour is the same feature, in all modalities",
        How.ENERGY: "length of the feature, on one scale for all modalities",
        How.DISTANCE: "distance to the mean over the modalities, in lengths of that mean",
        How.CHANNEL: f"channel {view.channel}, on one scale for all modalities",
    }
    return f"{view.kind}: {texts[view.how]}"


def write_cohort(path: Path, points: Sequence[WindowPoint], task: Task) -> list[Path]:
    """Writes the figure of many cases and, beside it, its points as CSV; returns both paths."""
    from shaspec.analysis.features.cohort import write_points
    from shaspec.analysis.features.figure import cohort_figure
    from shaspec.analysis.robustness_files import write_figure

    table = path.with_suffix(".csv")
    written = [write_figure(path, cohort_figure(points, task)), table]
    write_points(table, points)
    return written
