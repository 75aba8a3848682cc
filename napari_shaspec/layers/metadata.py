"""What a layer of ours is, and where it lies.

Every volume lies in LPS millimetres with named axes (one layer without units would make napari drop
the units of all), every picture in pixels, and ``layer.metadata["shaspec"]`` says what it is:
without that, a result could neither be found again nor be saved on the grid of its input.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypedDict

import numpy as np
import numpy.typing as npt

from shaspec.case import Case
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


class LayerMetadata(TypedDict, total=False):
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


def origin(layer: Layer) -> LayerMetadata:
    """What a layer of ours is; empty for a layer that someone else added."""
    found = layer.metadata.get(KEY)
    return found if isinstance(found, dict) else {}  # type: ignore[return-value]


def of_kind(viewer: ViewerModel, kind: Kind) -> Iterator[Layer]:
    """The layers of one kind, the lowest first."""
    return (layer for layer in list(viewer.layers) if origin(layer).get("kind") == kind)


def own_name(name: str, folders: Iterable[Path], layers: Iterable[Layer]) -> str:
    """The name of a case out of ``folders``, numbered where layers of another case have it.

    Results belong to a case by its name, and the inner folders of BIDS are all called ``anat``.
    """
    known: dict[str, set[Path | None]] = {}
    for layer in layers:
        what = origin(layer)
        if "case" in what:
            path = what.get("path")
            known.setdefault(what["case"], set()).add(path.parent.absolute() if path else None)
    wanted, numbers = {folder.absolute() for folder in folders}, itertools.count(2)
    found = name
    while wanted and known.get(found) and not known[found] & wanted:
        found = f"{name} ({next(numbers)})"
    return found


def folders_of(case: Case) -> list[Path]:
    """Where its files lie; empty for a case that has none."""
    return [path.parent for path in case.files.values()]


def placement(grid: Grid) -> dict[str, Any]:
    """The keyword arguments that put an array (*spatial) where it lies."""
    return {
        "scale": grid.spacing,
        "translate": grid.origin,
        "units": UNITS[grid.dims],
        "axis_labels": AXES[grid.dims],
    }


@dataclass(frozen=True)
class Place:
    """Where the voxels of a layer lie in the world, along its axes."""

    grid: Grid
    flipped: tuple[int, ...] = ()
    """Axes of the array that run against the world's: to be reversed for ``grid``."""

    def straight(self, array: npt.NDArray[Any]) -> npt.NDArray[Any]:
        """The array of the layer as ``grid`` has it; a view."""
        return np.flip(array, self.flipped) if self.flipped else array


def place_of(shape: tuple[int, ...], layer: Mapping[str, Any]) -> Place | None:
    """The place of an array (*spatial) by what its layer says; None where it is turned or sheared.

    ``layer`` has napari's ``scale``, ``translate``, ``rotate``, ``shear``, ``affine`` and
    ``metadata``, as far as there are any. The grid is that of the file while the layer lies there.
    """
    dims = len(shape)
    straight = np.eye(dims)
    if not np.allclose(layer.get("rotate", straight), straight) or np.any(layer.get("shear", 0)):
        return None
    # napari's own transform tool, and readers of other plugins, move a layer by its affine.
    affine = layer.get("affine")
    matrix = np.eye(dims + 1) if affine is None else np.asarray(affine, np.float64)
    scale = np.asarray(layer.get("scale", np.ones(dims)), np.float64)
    turn = matrix[:dims, :dims]
    spacing = np.diag(turn) * scale
    if not np.allclose(turn, np.diag(np.diag(turn)), atol=1e-6) or not np.all(spacing):
        return None
    translate = np.asarray(layer.get("translate", np.zeros(dims)), np.float64)
    origin = turn @ translate + matrix[:dims, dims]
    flipped = tuple(int(axis) for axis in np.flatnonzero(spacing < 0))
    if not flipped:
        return Place(_grid(shape, layer.get("metadata", {}), spacing, origin))
    last = origin + spacing * (np.array(shape) - 1)
    corner = tuple(float(v) for v in np.minimum(origin, last))
    return Place(Grid(tuple(shape), tuple(float(v) for v in np.abs(spacing)), corner), flipped)


def transform_of(layer: Layer) -> dict[str, Any]:
    """What `place_of` wants to know of a layer."""
    keys = ("scale", "translate", "rotate", "shear", "metadata")
    return {key: getattr(layer, key) for key in keys} | {"affine": layer.affine.affine_matrix}


def _grid(shape: tuple[int, ...], metadata: dict[str, Any], spacing: Any, origin: Any) -> Grid:
    """The grid of the layer's file while it lies there, else one from where it lies."""
    kept = metadata.get(KEY, {}).get("grid")
    if (
        isinstance(kept, Grid)
        and kept.shape == tuple(shape)
        and np.allclose(kept.spacing, spacing)
        and np.allclose(kept.origin, origin)
    ):
        return kept
    return Grid(tuple(shape), tuple(map(float, spacing)), tuple(map(float, origin)))
