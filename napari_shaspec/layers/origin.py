"""What a layer of ours is, and where it lies.

Every volume lies in LPS millimetres with named axes (one layer without units would make napari drop
the units of all), every picture in pixels, and ``layer.metadata["shaspec"]`` says what it is:
without that, a result could neither be found again nor be saved on the grid of its input.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypedDict

import numpy as np

from shaspec.geometry import Grid
from shaspec.task import Label

if TYPE_CHECKING:
    from napari.components import ViewerModel
    from napari.layers import Layer

KEY = "shaspec"
AXES = {3: ("S", "P", "L"), 2: ("row", "column")}
UNITS = {3: "mm", 2: "pixel"}

Kind = Literal[
    "modality", "truth", "result", "edited", "pane", "surface", "swept", "map", "features", "marked"
]
"""``swept``: the result of one subset, as chosen in *Robustness*; ``map``: a comparison of such.
``edited``: a result that was painted in, after a new one took its place.
``features``: a map of features; ``marked``: voxels that were selected among points."""


class Origin(TypedDict, total=False):
    """The entry ``layer.metadata["shaspec"]``; only what applies is there."""

    kind: Kind
    case: str
    grid: Grid
    path: Path | None
    modality: str
    """Of an image, and of the pane that lies over it."""
    window: tuple[float, float] | None
    """Of a modality whose intensities have a unit (CT): the range that matters to its task."""
    subset: str
    """Of a result: the present modalities, joined by ``+``."""
    checksum: int
    """Of the voxels of a result as they were computed: other voxels are painted ones."""
    map: str
    """Of a map: what it shows, e.g. ``disagreement``."""
    task: str
    labels: tuple[Label, ...]
    """Of a label map: what its values mean."""
    notices: tuple[str, ...]
    provenance: dict[str, Any]


def origin(layer: Layer) -> Origin:
    """What a layer of ours is; empty for a layer that someone else added."""
    found = layer.metadata.get(KEY)
    return found if isinstance(found, dict) else {}  # type: ignore[return-value]


def of_kind(viewer: ViewerModel, kind: Kind) -> Iterator[Layer]:
    """The layers of one kind, the lowest first."""
    return (layer for layer in list(viewer.layers) if origin(layer).get("kind") == kind)


def placement(grid: Grid) -> dict[str, Any]:
    """The keyword arguments that put an array (*spatial) where it lies."""
    return {
        "scale": grid.spacing,
        "translate": grid.origin,
        "units": UNITS[grid.dims],
        "axis_labels": AXES[grid.dims],
    }


def grid_of(shape: tuple[int, ...], metadata: dict[str, Any], scale: Any, translate: Any) -> Grid:
    """The grid of a layer: the one of its file while it lies there, else one from where it lies."""
    kept = metadata.get(KEY, {}).get("grid")
    if (
        isinstance(kept, Grid)
        and kept.shape == tuple(shape)
        and np.allclose(kept.spacing, scale)
        and np.allclose(kept.origin, translate)
    ):
        return kept
    return Grid(tuple(shape), tuple(map(float, scale)), tuple(map(float, translate)))
