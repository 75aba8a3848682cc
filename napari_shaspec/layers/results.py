"""Results, dimmed modalities and the canvas text of a running viewer."""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from napari_shaspec.layers.layer_data import labels_layer, volume_features
from napari_shaspec.layers.metadata import KEY, LayerMetadata, of_kind, origin
from shaspec.prediction import Prediction

if TYPE_CHECKING:
    from napari.components import ViewerModel
    from napari.layers import Labels


def go_to_result(viewer: ViewerModel, layer: Labels) -> None:
    """Goes to the slice with most of a result, unless the one that is shown has some of it."""
    if not (layer.ndim == viewer.dims.ndim == 3 and viewer.dims.ndisplay == 2):
        return
    axis = viewer.dims.order[0]
    across = tuple(other for other in range(3) if other != axis)
    count = np.count_nonzero(layer.data, axis=across)
    here = round(float(layer.world_to_data(viewer.dims.point)[axis]))
    if count.any() and not (0 <= here < len(count) and count[here]):
        voxel = np.where(np.arange(3) == axis, count.argmax(), 0)
        viewer.dims.set_point(axis, float(layer.data_to_world(voxel)[axis]))


# -- results -----------------------------------------------------------------------------------


def add_result(viewer: ViewerModel, prediction: Prediction, opacity: float = 0.6) -> Labels:
    """Adds the layer of a prediction, or updates the one of the same case and subset."""
    from napari.layers import Labels

    what: LayerMetadata = {
        "kind": "result",
        "case": prediction.case,
        "grid": prediction.grid,
        "subset": prediction.task.subset_name(prediction.subset),
        "provenance": prediction.provenance,
        "checksum": checksum(prediction.labels),
    }
    labels = prediction.labels.copy()  # the layer may be painted in, the prediction may not
    layer = find_result(viewer, what["case"], what["subset"])
    if layer is not None and layer.data.shape == labels.shape:
        layer.data = labels
        layer.features = volume_features(prediction.labels, prediction.grid, prediction.task)
        layer.metadata[KEY].update(what)
    else:
        data, options, _ = labels_layer(
            labels, what, prediction.task, prediction.name, opacity=opacity
        )
        layer = Labels(data, **options)
        viewer.layers.append(layer)
    return layer


def keep_edits(viewer: ViewerModel, coming: Prediction) -> Labels | None:
    """Sets the result that ``coming`` would replace aside if it was painted in; returns it then.

    It becomes a layer of the user's own, named ``... (edited)`` and hidden. So does one that lies
    elsewhere, of other layers than the present ones, but it is no longer of this case.
    """
    subset = coming.task.subset_name(coming.subset)
    layer = find_result(viewer, coming.case, subset)
    if layer is None:
        return None
    here, edited = origin(layer)["grid"].matches(coming.grid), is_edited(layer)
    if here and not edited:
        return None
    what = origin(layer)
    layer.metadata[KEY] = {**what, "kind": "edited", "case": what["case"] if here else ""}
    layer.name = f"{coming.name} ({'edited' if edited else 'of other layers'})"
    layer.visible = False
    return layer if edited else None


def is_edited(layer: Labels) -> bool:
    """True if the voxels of a result are not those that were computed."""
    return checksum(layer.data) != origin(layer).get("checksum")


def checksum(labels: npt.NDArray[Any]) -> int:
    """A number that differs for other voxels."""
    return zlib.crc32(np.ascontiguousarray(labels).data)


def find_result(viewer: ViewerModel, case: str, subset: str) -> Labels | None:
    """The layer that shows the result for ``subset`` of ``case``."""
    for layer in of_kind(viewer, "result"):
        what = origin(layer)
        if (what["case"], what["subset"]) == (case, subset):
            return layer
    return None


# -- what is missing -----------------------------------------------------------------------------
