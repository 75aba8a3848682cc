"""The layer with the diameters of lesions, as lines with their lengths."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from napari_shaspec.layers.batch import remove_layers
from napari_shaspec.layers.metadata import KEY, LayerMetadata, of_kind, placement
from napari_shaspec.layers.text_sizes import NAPARI

if TYPE_CHECKING:
    from napari.components import ViewerModel
    from napari.layers import Shapes

    from shaspec.geometry import Grid
    from shaspec.measuring import Measurements

COLOUR = "#4dd2ff"
"""Apart from the colours of the labels, on grey and on colours."""
WIDTH = 0.7  # voxels


def show_diameters(viewer: ViewerModel, measurements: Measurements, grid: Grid) -> Shapes | None:
    """Shows the diameters of all lesions, each on its slice; None without a lesion.

    Args:
        viewer: gets the layer on top, in place of an earlier one.
        measurements: of one region.
        grid: the grid of the result.
    """
    from napari.layers import Shapes

    remove_diameters(viewer)
    lines, texts = [], []
    for lesion in measurements.lesions:
        for diameter in (lesion.longest, lesion.perpendicular):
            lines.append(np.array(diameter.ends))
            texts.append(f"{diameter.length:.1f}")
    if not lines:
        return None
    metadata: LayerMetadata = {"kind": "diameters", "case": measurements.case, "grid": grid}
    text: dict[str, Any] = {"string": "{length}", "color": COLOUR, "size": NAPARI.now}
    layer = Shapes(
        lines,
        shape_type="line",
        edge_color=COLOUR,
        edge_width=WIDTH,
        features={"length": texts},
        text={**text, "anchor": "upper_left"},
        name=f"diameters in {measurements.length_unit} · {measurements.region} · "
        f"{measurements.title}",
        metadata={KEY: metadata},
        **placement(grid),
    )
    active = viewer.layers.selection.active
    viewer.layers.append(layer)
    viewer.layers.selection.active = active or layer  # the brush stays on the labels
    return layer


def remove_diameters(viewer: ViewerModel) -> None:
    """Removes the layer."""
    remove_layers(viewer, of_kind(viewer, "diameters"))
