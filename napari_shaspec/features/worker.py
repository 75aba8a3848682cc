"""Work of the panel *Features* that runs in a worker: pictures, points and messages of features."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from napari_shaspec.features.state import CloudSettings, FeatureView
from napari_shaspec.layers import features
from napari_shaspec.layers.features import FeatureImage
from shaspec.analysis.features.cloud import Cloud, make_cloud
from shaspec.analysis.features.views import How, imputation_error
from shaspec.inference.feature_maps import FeatureMaps

if TYPE_CHECKING:
    from shaspec.analysis.features.cohort import WindowPoint
    from shaspec.task import Task


@dataclass(frozen=True, eq=False)
class Drawn:
    """Event: the pictures of a view are ready."""

    view: FeatureView
    pictures: list[FeatureImage]
    text: str
    """Message that describes the pictures."""


def draw(maps: FeatureMaps, view: FeatureView) -> Drawn:
    """Makes the pictures of ``view``, or of another kind if the maps do not have that one."""
    if view.kind not in maps.kinds:  # another model, or no modality is missing now
        view = replace(view, kind=maps.kinds[0], channel=0)
    pictures = features.make_pictures(maps, view.kind, view.how, view.channel)
    return Drawn(view, pictures, _describe(maps, view))


def first_cloud(maps: FeatureMaps, plot: CloudSettings) -> Cloud:
    """The points projected with PCA, which is fast; kinds that the model lacks are left out."""
    kinds = tuple(kind for kind in plot.kinds if maps.of(kind)) or maps.kinds[:1]
    return make_cloud(maps, kinds, "pca")


def _describe(maps: FeatureMaps, view: FeatureView) -> str:
    """One sentence about the pictures on the canvas."""
    if view.kind == "imputed":
        errors = [imputation_error(maps, kind) for kind in ("shared", "fused")]
        if not errors[0]:
            return "Imputed features of the missing modalities."
        shared, fused = (np.median([v[maps.inside] for v in e.values()]) for e in errors)
        return (
            f"Median relative imputation error: {shared:.2f} to the true shared feature, "
            f"{fused:.2f} to the fused feature (0 is perfect, 1 is as bad as zeros)."
        )
    texts = {
        How.COLOURS: "the same colour means the same feature in all modalities",
        How.ENERGY: "length of the feature vector, one scale for all modalities",
        How.DISTANCE: "distance to the mean over the modalities, relative to its length",
        How.CHANNEL: f"channel {view.channel}, one scale for all modalities",
    }
    return f"{view.kind}: {texts[view.how]}"


def write_cohort(path: Path, points: Sequence[WindowPoint], task: Task) -> list[Path]:
    """Writes the figure of many cases, and its points as CSV next to it; returns both paths."""
    from shaspec.analysis.features.cohort import write_points
    from shaspec.analysis.features.figure import cohort_figure
    from shaspec.analysis.robustness_files import write_figure

    table = path.with_suffix(".csv")
    written = [write_figure(path, cohort_figure(points, task)), table]
    write_points(table, points)
    return written
