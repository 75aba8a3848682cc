"""Adds, updates and finds the layers of results."""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from napari_shaspec.layers.layer_data import labels_layer, volume_features
from napari_shaspec.layers.metadata import KEY, LayerMetadata, of_kind, origin
from shaspec.prediction import Prediction

if TYPE_CHECKING:
    import pandas as pd
    from napari.components import ViewerModel
    from napari.layers import Labels


def go_to_result(viewer: ViewerModel, layer: Labels) -> None:
    """Goes to the slice with most of a result, unless the current slice contains some of it."""
    if not (layer.ndim == viewer.dims.ndim == 3 and viewer.dims.ndisplay == 2):
        return
    axis = viewer.dims.order[0]
    across = tuple(other for other in range(3) if other != axis)
    count = np.count_nonzero(layer.data, axis=across)
    here = round(float(layer.world_to_data(viewer.dims.point)[axis]))
    if count.any() and not (0 <= here < len(count) and count[here]):
        voxel = np.where(np.arange(3) == axis, count.argmax(), 0)
        viewer.dims.set_point(axis, float(layer.data_to_world(voxel)[axis]))


@dataclass(frozen=True, eq=False)
class Drawn:
    """What takes time in showing a result; see `drawn`."""

    labels: npt.NDArray[np.uint8]
    """A copy, because the user may edit the layer, not the prediction."""
    features: pd.DataFrame
    checksum: int


def drawn(prediction: Prediction) -> Drawn:
    """The slow part of `add_result`, which may be done in a worker."""
    features = volume_features(prediction.labels, prediction.grid, prediction.task)
    return Drawn(prediction.labels.copy(), features, checksum(prediction.labels))


def add_result(
    viewer: ViewerModel,
    prediction: Prediction,
    opacity: float = 0.6,
    ready: Drawn | None = None,
) -> Labels:
    """Adds the layer of a prediction, or updates the layer of the same case, subset and model."""
    from napari.layers import Labels

    ready = ready or drawn(prediction)
    metadata: LayerMetadata = {
        "kind": "result",
        "case": prediction.case,
        "grid": prediction.grid,
        "subset": prediction.task.subset_name(prediction.subset),
        "provenance": prediction.provenance,
        "title": prediction.title,
        "checksum": ready.checksum,
        "edits": [],
    }
    labels = ready.labels
    layer = layer_of(viewer, prediction)
    if layer is not None and layer.data.shape == labels.shape:
        layer.data = labels
        layer.features = ready.features
        before = _title(layer)
        if layer.name.startswith(before):  # else the user has named it
            layer.name = f"seg · {prediction.title}{layer.name.removeprefix(before)}"
        layer.metadata[KEY].update(metadata)
    else:
        data, options, _ = labels_layer(
            labels,
            metadata,
            prediction.task,
            f"seg · {prediction.title}",
            opacity=opacity,
        )
        layer = Labels(data, **options)
        _tell_models_apart(viewer, layer)  # before it is there: napari numbers equal names
        viewer.layers.append(layer)
    return layer


def keep_edits(viewer: ViewerModel, coming: Prediction) -> Labels | None:
    """Keeps the result that ``coming`` replaces if it was edited by hand.

    The edited layer is renamed ``... (edited)`` and hidden. A result on another grid is kept too,
    renamed ``... (of other layers)``, but no longer belongs to this case.

    Returns:
        The edited layer; None: there is none.
    """
    layer = layer_of(viewer, coming)
    if layer is None:
        return None
    here, edited = origin(layer)["grid"].matches(coming.grid), is_edited(layer)
    if here and not edited:
        return None
    if not here:
        layer.metadata[KEY]["case"] = ""
    _set_aside(layer, f"{_title(layer)} ({'edited' if edited else 'of other layers'})")
    return layer if edited else None


def keep_edited_row(viewer: ViewerModel) -> Labels | None:
    """Keeps the layer of a sweep if it was edited by hand, before another row is shown in it.

    Returns:
        The layer, which is renamed ``... (edited)`` and hidden; None: it was not edited.
    """
    for layer in of_kind(viewer, "swept"):
        if is_edited(layer):
            _set_aside(layer, f"{layer.name} (edited)")
            return layer
    return None


def _set_aside(layer: Labels, name: str) -> None:
    """Makes a layer one that no new result replaces, and hides it."""
    layer.metadata[KEY] = {**origin(layer), "kind": "edited"}
    layer.name = name
    layer.visible = False


def is_edited(layer: Labels) -> bool:
    """True if a result was changed after it was computed."""
    return checksum(layer.data) != origin(layer).get("checksum")


def checksum(labels: npt.NDArray[Any]) -> int:
    """CRC-32 of a label map."""
    return zlib.crc32(np.ascontiguousarray(labels).data)


def find_result(viewer: ViewerModel, case: str, subset: str, sha256: str = "") -> Labels | None:
    """The layer of the result of ``case`` from ``subset``.

    Args:
        viewer: the viewer whose layers are searched.
        case: name of the case.
        subset: name of the subset, e.g. ``FLAIR+T2``.
        sha256: of the weights of the model; empty: any model, the newest layer first.
    """
    for layer in reversed(list(of_kind(viewer, "result"))):
        metadata = origin(layer)
        of_model = not sha256 or metadata["provenance"].get("sha256") == sha256
        if (metadata["case"], metadata["subset"]) == (case, subset) and of_model:
            return layer
    return None


def layer_of(viewer: ViewerModel, prediction: Prediction) -> Labels | None:
    """The layer that shows ``prediction``, or an earlier one of the same case, subset and model."""
    subset = prediction.task.subset_name(prediction.subset)
    return find_result(viewer, prediction.case, subset, prediction.provenance.get("sha256", ""))


def _title(layer: Labels) -> str:
    """The name of a result as it was given, without the model."""
    facts = origin(layer)
    return f"seg · {facts.get('title', facts['subset'])}"


def _tell_models_apart(viewer: ViewerModel, new: Labels) -> None:
    """Adds the model to the names of the results of a case that several models have segmented."""
    case = origin(new)["case"]
    there = [other for other in of_kind(viewer, "result") if origin(other)["case"] == case]
    same = [*there, new]
    subsets = {origin(other)["subset"] for other in same}
    models = {origin(other)["provenance"].get("model", "") for other in same}
    for other in same if len(models) > 1 or len(subsets) < len(same) else ():
        model = origin(other)["provenance"].get("model", "")
        if model and not other.name.endswith(f" · {model}"):
            other.name = f"{other.name} · {model}"
