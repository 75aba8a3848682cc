"""The brain mask as a layer to paint in, over the scan with its skull."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_shaspec.layers.metadata import KEY, LayerMetadata, of_kind, origin, placement

if TYPE_CHECKING:
    from napari.components import ViewerModel
    from napari.layers import Labels, Layer

    from shaspec.geometry import Grid
    from shaspec.io.volumes import Volume

MASK, HEAD = "brain mask", "scan with its skull"
"""Names of the layers."""
REGION = "brain"
COLOUR = (0.2, 0.8, 1.0, 1.0)
OPACITY = 0.4
BRUSH = 12  # voxels


def show(viewer: ViewerModel, case: str, mask: Volume, head: Volume) -> Labels:
    """Adds the scan with its skull and the mask, ready to paint; replaces those of before.

    ``case``: name of the case to which the layers belong.
    """
    from napari.layers import Image, Labels
    from napari.utils.colormaps import DirectLabelColormap

    remove(viewer)
    described: LayerMetadata = {"kind": "mask", "case": case, "region": REGION}
    low, high = np.percentile(head.array, [1, 99.8])
    image = Image(
        head.array,
        name=HEAD,
        colormap="gray",
        contrast_limits=(float(low), max(float(high), float(low) + 1)),
        metadata={KEY: {**described, "grid": head.grid}},
        **placement(head.grid),
    )
    colours: dict[int | None, Any] = {None: (0.0, 0.0, 0.0, 0.0), 0: (0, 0, 0, 0), 1: COLOUR}
    labels = Labels(
        (mask.array > 0).astype(np.uint8),
        name=MASK,
        opacity=OPACITY,
        colormap=DirectLabelColormap(color_dict=colours),
        metadata={KEY: {**described, "grid": mask.grid}},
        **placement(mask.grid),
    )
    viewer.layers.append(image)
    viewer.layers.append(labels)
    viewer.layers.selection.active = labels
    labels.brush_size, labels.selected_label, labels.mode = BRUSH, 1, "paint"
    return labels


def shown(viewer: ViewerModel, case: str) -> Labels | None:
    """The mask of a case that is being edited."""
    from napari.layers import Labels

    masks = (la for la in of_kind(viewer, "mask") if isinstance(la, Labels))
    return next((la for la in masks if _is_of(la, case)), None)


def remove(viewer: ViewerModel) -> None:
    """Removes the mask and the scan with the skull."""
    for layer in list(of_kind(viewer, "mask")):
        if origin(layer).get("region") == REGION:
            viewer.layers.remove(layer)


def writing(labels: Labels, path: Path) -> Callable[[], Path]:
    """The work that writes the mask as it is now; it may be done in a worker."""
    from shaspec.io import write_labels

    data: Any = (np.asarray(labels.data) > 0).astype(np.uint8)
    grid: Grid = origin(labels)["grid"]
    return lambda: write_labels(path, data, grid)


def _is_of(layer: Layer, case: str) -> bool:
    facts = origin(layer)
    return facts.get("region") == REGION and facts.get("case") == case
