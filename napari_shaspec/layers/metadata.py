"""Metadata and position of the layers of this plugin.

Volumes are placed in LPS millimetres with named axes (one layer without units would make napari
drop the units of all), pictures in pixels. ``layer.metadata["shaspec"]`` describes the layer; it is
needed to find results again and to save them on the grid of the input.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypedDict

import numpy as np
import numpy.typing as npt

from napari_shaspec.layers.voxels import Mark, Voxels
from shaspec.case import Case, Reduce
from shaspec.geometry import Grid
from shaspec.task import Label, Task

if TYPE_CHECKING:
    from napari.components import ViewerModel
    from napari.layers import Layer

KEY = "shaspec"
AXES = {3: ("S", "P", "L"), 2: ("row", "column")}
UNITS = {3: "mm", 2: "pixel"}

LayerKind = Literal[
    "modality",
    "truth",
    "result",
    "edited",
    "pane",
    "surface",
    "swept",
    "map",
    "features",
    "marked",
    "probability",
    "diameters",
    "mask",
]
"""``swept``: the result of one subset, selected in *Robustness*; ``map``: a comparison of subsets.
``edited``: a result that was edited by hand and then replaced by a new one.
``features``: a map of features; ``marked``: voxels marked in the scatter plot.
``probability``: that of a region in a result; ``diameters``: those of the lesions of a region.
``mask``: a region that was handed to another plugin."""


class LayerMetadata(TypedDict, total=False):
    """The entry ``layer.metadata["shaspec"]``; keys that do not apply are absent."""

    kind: LayerKind
    case: str
    grid: Grid
    path: Path | None
    channel: int | None
    """For a modality in a 4D file: its index along the fourth dimension."""
    reduce: Reduce | None
    """For a modality on another grid than the others: see `Case.reduce`."""
    voxels: Voxels
    """For an image: the voxels as they were read; a layer with others does not show the file."""
    modality: str
    """For an image, and for features shown over it."""
    window: tuple[float, float] | None
    """For a modality with absolute intensities (CT): the intensity window of the task."""
    ct: bool
    """For a modality: whether its intensities are Hounsfield units."""
    contrast: tuple[float, float]
    """For an image: its contrast limits when it was opened."""
    subset: str
    """For a result: the available modalities, joined by ``+``."""
    title: str
    """For a result: `Prediction.title`, the subset with the thresholds."""
    region: str
    """For a probability or a mask: its region."""
    checksum: int
    """Checksum of a result as it was computed; a different one means that it was edited."""
    edits: list[str]
    """For a result: what was edited since it was computed, e.g. ``grow WT 1 mm``."""
    map: str
    """Kind of map, e.g. ``disagreement``."""
    task: str
    """Name of the task of the case or result."""
    labels: tuple[Label, ...]
    """For a label map: the labels of its values."""
    definition: Task
    """For a label map: its task, with the regions."""
    notices: tuple[str, ...]
    provenance: dict[str, Any]


def origin(layer: Layer) -> LayerMetadata:
    """The metadata of a layer of this plugin; empty for other layers."""
    entry = layer.metadata.get(KEY)
    return entry if isinstance(entry, dict) else {}  # type: ignore[return-value]


def file_of(layer: Layer, mark: Mark | None = None) -> Path | None:
    """The file with the voxels of an image; None if they were replaced or changed since it was
    read. ``mark``: that of its voxels (`mark_of`), if known."""
    facts = origin(layer)
    read = facts.get("voxels")
    return facts.get("path") if read is None or read.are(layer.data, mark) else None


def of_kind(viewer: ViewerModel, kind: LayerKind) -> Iterator[Layer]:
    """The layers of one kind, from bottom to top."""
    return (layer for layer in list(viewer.layers) if origin(layer).get("kind") == kind)


def set_visible(layer: Layer, visible: bool) -> None:
    """Shows or hides a layer; napari would redraw its scene even without a change."""
    if layer.visible != visible:
        layer.visible = visible


def own_name(name: str, folders: Iterable[Path], layers: Iterable[Layer]) -> str:
    """A name for a case from ``folders``, numbered if layers of another case have the same name.

    Results are matched to a case by name, and many folders have the same name (``anat`` in BIDS).
    """
    by_name: dict[str, set[Path | None]] = {}
    for layer in layers:
        metadata = origin(layer)
        if "case" in metadata:
            path = metadata.get("path")
            by_name.setdefault(metadata["case"], set()).add(
                path.parent.absolute() if path else None
            )
    own, numbers = {folder.absolute() for folder in folders}, itertools.count(2)
    free = name
    while own and by_name.get(free) and not by_name[free] & own:
        free = f"{name} ({next(numbers)})"
    return free


def folders_of(case: Case) -> list[Path]:
    """The folders of the files of a case; empty for a case without files."""
    return [path.parent for path in case.files.values()]


def placement(grid: Grid) -> dict[str, Any]:
    """The layer arguments that place an array (*spatial) on ``grid``."""
    return {
        "scale": grid.spacing,
        "translate": grid.origin,
        "units": UNITS[grid.dims],
        "axis_labels": AXES[grid.dims],
    }


@dataclass(frozen=True)
class Place:
    """Position of the voxels of a layer in world coordinates, along the axes."""

    grid: Grid
    flipped: tuple[int, ...] = ()
    """Axes of the array that run against the world axes; reversed for ``grid``."""

    def straight(self, array: npt.NDArray[Any]) -> npt.NDArray[Any]:
        """The array of the layer in the axis directions of ``grid``; a view."""
        return np.flip(array, self.flipped) if self.flipped else array


def place_of(shape: tuple[int, ...], layer: Mapping[str, Any]) -> Place | None:
    """The place of an array (*spatial) from its layer transform; None if rotated or sheared.

    ``layer`` may contain napari's ``scale``, ``translate``, ``rotate``, ``shear``, ``affine``,
    ``units`` and ``metadata``. The grid is in mm, and that of the file unless the layer was moved.
    """
    dims = len(shape)
    straight = np.eye(dims)
    if not np.allclose(layer.get("rotate", straight), straight) or np.any(layer.get("shear", 0)):
        return None
    # napari's transform tool and readers of other plugins use the affine of the layer.
    affine = layer.get("affine")
    matrix = np.eye(dims + 1) if affine is None else np.asarray(affine, np.float64)
    scale = np.asarray(layer.get("scale", np.ones(dims)), np.float64)
    turn = matrix[:dims, :dims]
    to_mm = _mm_per_unit(layer.get("units"), dims)
    spacing = np.diag(turn) * scale * to_mm
    if not np.allclose(turn, np.diag(np.diag(turn)), atol=1e-6) or not np.all(spacing):
        return None
    translate = np.asarray(layer.get("translate", np.zeros(dims)), np.float64)
    origin = (turn @ translate + matrix[:dims, dims]) * to_mm
    flipped = tuple(int(axis) for axis in np.flatnonzero(spacing < 0))
    if not flipped:
        return Place(_grid(shape, layer.get("metadata", {}), spacing, origin))
    last = origin + spacing * (np.array(shape) - 1)
    corner = tuple(float(v) for v in np.minimum(origin, last))
    return Place(Grid(tuple(shape), tuple(float(v) for v in np.abs(spacing)), corner), flipped)


def transform_of(layer: Layer) -> dict[str, Any]:
    """The transform and metadata of a layer, for `place_of`."""
    keys = ("scale", "translate", "rotate", "shear", "units", "metadata")
    return {key: getattr(layer, key) for key in keys} | {"affine": layer.affine.affine_matrix}


def _mm_per_unit(units: Sequence[Any] | None, dims: int) -> npt.NDArray[np.float64]:
    """Per axis of a volume: mm per unit of length (pint), and 1 for pixels."""
    factors = np.ones(dims)
    for axis, unit in enumerate(list(units or ())[-dims:] if dims == 3 else ()):
        if str(getattr(unit, "dimensionality", "")) == "[length]":
            factors[axis] = (1.0 * unit).to("mm").magnitude
    return factors


def _grid(shape: tuple[int, ...], metadata: dict[str, Any], spacing: Any, origin: Any) -> Grid:
    """The grid of the layer's file unless the layer was moved, else a grid at its position."""
    kept = metadata.get(KEY, {}).get("grid")
    if (
        isinstance(kept, Grid)
        and kept.shape == tuple(shape)
        and np.allclose(kept.spacing, spacing)
        and np.allclose(kept.origin, origin)
    ):
        return kept
    return Grid(tuple(shape), tuple(map(float, spacing)), tuple(map(float, origin)))
