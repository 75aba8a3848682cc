"""Results, dimmed modalities and the canvas text of a running viewer."""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from napari_shaspec.layers.make import case_layers, labels_layer, volume_features
from napari_shaspec.layers.origin import KEY, Origin, folders_of, of_kind, origin, own_name
from napari_shaspec.settings import PLUGIN
from shaspec.case import Case
from shaspec.errors import InputError
from shaspec.inference.prediction import Prediction

if TYPE_CHECKING:
    from napari.components import ViewerModel
    from napari.layers import Image, Labels, Layer

# napari's default, ("towards", ...), mirrors a patient in 3D for arrays in the order (S, P, L).
CAMERA = ("away", "down", "right")
MISSING_COLOUR = "#f08c00"
MISSING_BOX = "#000000"  # behind it: on a light theme's canvas it could not be read
_SAVED = "shaspec_opacity"


def prepare_view(viewer: ViewerModel) -> None:
    """The patient's left on the viewer's right, in 2D and in 3D; a scale bar in millimetres."""
    viewer.scene.camera.orientation = CAMERA
    viewer.canvas.overlays.scale_bar.visible = True


def open_paths(viewer: ViewerModel, paths: Sequence[str | Path]) -> None:
    """Opens a case folder, or files that make up one, with this plugin's own reader.

    Raises `InputError` for what cannot be read.
    """
    names = [str(path) for path in paths]
    first = not viewer.layers
    try:
        if len({Path(name).suffix.lower() for name in names}) > 1:
            _open_together(viewer, names)
        else:
            viewer.open(names, stack=len(names) > 1, plugin=PLUGIN)
    except (ValueError, OSError) as error:
        raise InputError(str(error)) from error
    if first:
        viewer.reset_view()  # napari looks at the first layer, and others may lie beside it


def _open_together(viewer: ViewerModel, names: list[str]) -> None:
    """Opens files of different endings (a picture and a sound), which napari opens one by one."""
    from napari.layers import Layer

    from napari_shaspec.reader import get_reader

    reader = get_reader(names)
    if reader is None:
        raise InputError(f"these are not the files of one case: {', '.join(names)}")
    viewer.layers.extend([Layer.create(*data) for data in reader(names)])


def add_case(viewer: ViewerModel, case: Case) -> list[Layer]:
    """Adds the layers of a case, as napari does for the reader."""
    from napari.layers import Layer

    prepare_view(viewer)
    name = own_name(case.name, folders_of(case), viewer.layers)
    layers = [Layer.create(*data) for data in case_layers(replace(case, name=name))]
    viewer.layers.extend(layers)
    viewer.reset_view()
    return layers


def go_to_most(viewer: ViewerModel) -> None:
    """Goes to the slice with most of the truth, if there is one."""
    for layer in of_kind(viewer, "truth"):
        most = int((layer.data > 0).sum(axis=(1, 2)).argmax())
        viewer.dims.set_point(0, layer.data_to_world((most, 0, 0))[0])


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

    what: Origin = {
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


def show_presence(
    viewer: ViewerModel,
    sources: Mapping[str, Image | None],
    present: Iterable[str],
    dimmed_opacity: float = 0.25,
) -> None:
    """Dims the layers of absent modalities and names on the canvas what is missing."""
    present = set(present)
    for name, layer in sources.items():
        if layer is not None:
            undim(layer) if name in present else _dim(layer, dimmed_opacity)
    anything = any(layer is not None for layer in sources.values())
    name_missing(viewer, [n for n in sources if n not in present] if anything else [])


def name_missing(viewer: ViewerModel, missing: Iterable[str]) -> None:
    """Canvas text such as ``without T1ce, T2``; none where nothing is missing.

    An overlay of its own, ``viewer.canvas.overlays.missing``: the user's text stays the user's.
    """
    from napari.components.overlays import TextOverlay

    overlays = viewer.canvas.overlays
    if "missing" not in overlays:
        overlays["missing"] = TextOverlay(
            position="top_right",
            font_size=14,
            color=MISSING_COLOUR,
            box_color=MISSING_BOX,
            visible=False,
        )
    names = ", ".join(missing)
    overlays["missing"].text = f"without {names}" if names else ""
    overlays["missing"].visible = bool(names)


def _dim(layer: Image, opacity: float) -> None:
    if _SAVED not in layer.metadata:
        layer.metadata[_SAVED] = layer.opacity
        layer.opacity = min(opacity, layer.opacity)
        layer.name_overlay.color = MISSING_COLOUR
        layer.name_overlay.box_color = MISSING_BOX


def undim(layer: Image) -> None:
    """Gives a dimmed layer the opacity back that the user had chosen."""
    if _SAVED in layer.metadata:
        layer.opacity = layer.metadata.pop(_SAVED)
        layer.name_overlay.color = layer.name_overlay.box_color = None
