"""Saves label layers with the grid, orientation and header codes of the input file.

Formats: NIfTI, ``.seg.nrrd`` with names and colours for 3D Slicer, PNG for pictures.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from napari_shaspec.layers.metadata import KEY, place_of, transform_of
from napari_shaspec.layers.results import checksum
from shaspec.errors import InputError
from shaspec.io.origin import Origin

if TYPE_CHECKING:
    from napari.layers import Labels

    from shaspec.task import Label


def write_labels(path: str, data: npt.NDArray[Any], meta: dict[str, Any]) -> list[str]:
    """Single-layer writer of napari for labels layers."""
    return [str(_write(path, data, meta))]


def save_layer(path: str | Path, layer: Labels) -> Path:
    """Writes a labels layer; raises `InputError` if it cannot be saved."""
    return layer_writing(path, layer)()


def layer_writing(path: str | Path, layer: Labels) -> Callable[[], Path]:
    """The work of `save_layer` on the layer as it is now; it may be done in a worker."""
    data, meta = np.array(layer.data), {"name": layer.name, **transform_of(layer)}
    return lambda: _write(path, data, meta)


def _write(path: str | Path, data: npt.NDArray[Any], meta: dict[str, Any]) -> Path:
    from shaspec.io import write_labels as write_label_map

    name = meta.get("name", "labels")
    labels = np.asarray(data)
    if labels.ndim not in (2, 3):
        raise InputError(
            f"layer {name!r} has {labels.ndim} dimensions: only layers with 2 or 3 can be saved"
        )
    place = place_of(labels.shape, meta)
    if place is None:
        raise InputError(f"layer {name!r} is rotated or sheared: reset its transform, then save")
    named = meta.get("metadata", {}).get(KEY, {}).get("labels", ())
    _refuse_foreign(labels, named, name)
    return write_label_map(path, place.straight(labels), place.grid, named, _origin(data, meta))


def _origin(data: npt.NDArray[Any], meta: dict[str, Any]) -> Origin:
    """What the labels of a layer are; a layer that others made is a label map."""
    entry = meta.get("metadata", {}).get(KEY, {})
    if entry.get("kind") == "edited":
        return Origin.EDITED
    if entry.get("kind") not in ("result", "swept"):
        return Origin.LABELS
    painted = "checksum" in entry and entry["checksum"] != checksum(data)
    painted |= bool(entry.get("provenance", {}).get("edited"))  # before it was opened again
    return Origin.EDITED if painted else Origin.RESULT


def _refuse_foreign(labels: npt.NDArray[Any], labelled: Sequence[Label], name: str) -> None:
    """Raises `InputError` for values that are not ``labelled`` labels of the task."""
    foreign = sorted(set(np.unique(labels).tolist()) - {0, *(label.value for label in labelled)})
    if labelled and foreign:
        values = ", ".join(map(str, foreign[:5]))
        names = ", ".join(f"{label.value} {label.name}" for label in labelled)
        raise InputError(
            f"layer {name!r} has the labels {values}, which the task does not have ({names}): "
            "paint over them, then save"
        )
