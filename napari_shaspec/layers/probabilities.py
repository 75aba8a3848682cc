"""Layers with the probability of a region, one per region."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from napari_shaspec.layers.batch import remove_layers
from napari_shaspec.layers.metadata import (
    KEY,
    LayerMetadata,
    of_kind,
    origin,
    placement,
    set_visible,
)

if TYPE_CHECKING:
    from napari.components import ViewerModel
    from napari.layers import Image

    from shaspec.prediction import Prediction


def show_probability(viewer: ViewerModel, made: Prediction, region: str) -> Image:
    """Shows the probability of one region in its layer, and hides those of other regions.

    Args:
        viewer: gets the layer, directly above the others.
        made: a result with probabilities.
        region: name of the region.
    """
    from napari.layers import Image

    subset, model = made.task.subset_name(made.subset), made.provenance.get("model", "")
    name = f"probability · {region} · {subset}" + (f" · {model}" if model else "")
    metadata: LayerMetadata = {
        "kind": "probability",
        "case": made.case,
        "grid": made.grid,
        "subset": subset,
        "region": region,
        "provenance": made.provenance,
    }
    data = made.probability(region)
    layer = next((la for la in of_kind(viewer, "probability") if _is_of(la, region, made)), None)
    if layer is None:
        layer = Image(
            data,
            name=name,
            colormap=glow("probability"),
            contrast_limits=(0.0, 1.0),
            blending="translucent",
            opacity=0.8,
            metadata={KEY: metadata},
            **placement(made.grid),
        )
        active = viewer.layers.selection.active
        viewer.layers.append(layer)
        viewer.layers.selection.active = active or layer  # the brush stays on the labels
    elif layer.data is not data:
        layer.data = data
        layer.name = name
        layer.metadata[KEY] = metadata
    for other in of_kind(viewer, "probability"):
        set_visible(other, other is layer)
    return layer


def remove_probabilities(viewer: ViewerModel) -> None:
    """Removes the layers of all regions."""
    remove_layers(viewer, of_kind(viewer, "probability"))


def glow(name: str) -> Any:
    """Colormap inferno, fading to transparent towards 0."""
    from matplotlib import colormaps
    from napari.utils.colormaps import Colormap

    colours = colormaps["inferno"](np.linspace(0.15, 1, 64))
    colours[:, 3] = np.minimum(1, np.linspace(0, 1.6, 64))
    return Colormap(colours, name=name)


def _is_of(layer: Image, region: str, made: Prediction) -> bool:
    facts = origin(layer)
    same = facts.get("region") == region and facts["case"] == made.case
    return same and facts["grid"].matches(made.grid)
