"""Hands a region of the shown result to the plugin napari-nninteractive, if it is installed.

The other plugin refines one binary mask at a time over one image. It gets a copy of the region in
a layer of its own; the result stays as it is. No Qt here.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from napari_shaspec.jobs import notifications
from napari_shaspec.jobs.control import JobControl
from napari_shaspec.jobs.runner import Handlers, Runner
from napari_shaspec.layers.metadata import KEY, LayerMetadata, of_kind, origin, placement
from napari_shaspec.segment.state import SegmentState
from shaspec.prediction import Prediction

if TYPE_CHECKING:
    from napari.components import ViewerModel
    from napari.layers import Image, Labels

PLUGIN = "napari-nninteractive"
MASK = 1
"""The value of the region in its mask."""
COLOUR = "#ff6ec7"
"""Apart from the colours of the labels."""


def panel_of_plugin() -> str | None:
    """The name of the panel of the other plugin; None: it is not installed, or turned off."""
    from npe2 import PluginManager

    manager = PluginManager.instance()
    try:
        widgets = manager.get_manifest(PLUGIN).contributions.widgets or ()
        off = manager.is_disabled(PLUGIN)
    except KeyError:
        return None
    return None if off else next((widget.display_name for widget in widgets), None)


def mask_job(result: Prediction, region: str) -> Iterator[npt.NDArray[np.uint8]]:
    """The mask of a region; runs in a worker."""
    names, masks = result.task.region_names, result.task.region_masks(result.labels)
    yield np.asarray(dict(zip(names, masks, strict=True))[region], np.uint8) * MASK


class HandOver:
    """Makes the mask and opens the other plugin with it.

    Args:
        viewer: its window gets the panel of the other plugin.
        state: of the panel *Segment*.
        run: runs the job that makes the mask.
        job: tells the user what happened.
    """

    def __init__(
        self, viewer: ViewerModel, state: SegmentState, run: Runner, job: JobControl
    ) -> None:
        self._viewer, self._state, self._run, self._job = viewer, state, run, job

    def hand(self, region: str) -> None:
        """Hands a region of the shown result, with its edits, to the other plugin."""
        result, name = self._current(), panel_of_plugin()
        if result is None or name is None:
            return
        image = self._image(result)
        if image is None:
            self._job.say(
                "No image on the grid of the result: nnInteractive needs an image and a mask of "
                "equal size. Assign an image of the case.",
                "warning",
            )
            return

        def done(mask: npt.NDArray[np.uint8]) -> None:
            if result is not self._current() or image not in self._viewer.layers:
                self._job.say("The result has changed: hand it over again.", "warning")
            elif not mask.any():
                self._job.say(f"{region} is empty: nnInteractive needs a mask to start from.")
            else:
                self._open(name, image, add_mask(self._viewer, result, region, mask))

        handlers = Handlers(done, self._job.show_error, lambda: None)
        self._run(lambda: mask_job(result, region), handlers, threading.Event())

    def _current(self) -> Prediction | None:
        return self._state.edited.get(self._state.shown, self._state.shown_map)

    def _image(self, result: Prediction) -> Image | None:
        """The first image of the result on its grid."""
        sources = (self._state.sources.get(name) for name in result.subset)
        return next((la for la in sources if la is not None and _matches(la, result)), None)

    def _open(self, name: str, image: Image, mask: Labels) -> None:
        window: Any = getattr(self._viewer, "window", None)
        if window is None:
            return
        try:
            dock, panel = window.add_plugin_dock_widget(PLUGIN, name, tabify=True)
        except Exception as error:  # noqa: BLE001 - of another plugin: anything
            self._job.say(
                f"{name} cannot be opened ({type(error).__name__}: {error}). The mask is in layer "
                f"{mask.name!r}.",
                "error",
            )
            return
        dock.show()
        dock.raise_()
        chosen = _choose(panel, "image_selection", image.name)
        chosen &= _choose(panel, "label_for_init", mask.name)
        chosen &= _set_value(panel, "class_for_init", MASK)
        _unfold(panel, "label_for_init")
        todo = "press Initialize, then Initialize with Mask"
        if not chosen:
            todo = f"choose the image {image.name!r} and the mask {mask.name!r} with class {MASK}"
        text = f"In {name}, {todo}. Your result stays as it is."
        self._job.say(text)
        notifications.info(text)  # the other panel lies in front of this one


def add_mask(
    viewer: ViewerModel, result: Prediction, region: str, mask: npt.NDArray[np.uint8]
) -> Labels:
    """Adds the mask of a region as a hidden layer, in place of an earlier one of the region."""
    from napari.layers import Labels
    from napari.utils.colormaps import DirectLabelColormap

    name = f"mask · {region} · {result.title}"
    for layer in of_kind(viewer, "mask"):
        if origin(layer).get("region") == region and layer.name == name:
            viewer.layers.remove(layer)
    metadata: LayerMetadata = {
        "kind": "mask",
        "case": result.case,
        "grid": result.grid,
        "region": region,
    }
    colours: dict[int | None, Any] = {None: (0.0, 0.0, 0.0, 0.0), MASK: COLOUR}
    layer = Labels(
        mask,
        name=name,
        visible=False,
        colormap=DirectLabelColormap(color_dict=colours),
        metadata={KEY: metadata},
        **placement(result.grid),
    )
    active = viewer.layers.selection.active
    viewer.layers.append(layer)
    viewer.layers.selection.active = active
    return layer


def _matches(layer: Image, result: Prediction) -> bool:
    place = placement(result.grid)
    same = layer.data.shape == result.labels.shape
    return same and all(np.allclose(getattr(layer, k), place[k]) for k in ("scale", "translate"))


def _choose(panel: Any, field: str, text: str) -> bool:
    """Chooses an entry of a combo box of the other plugin; False: it has no such thing."""
    box = getattr(panel, field, None)
    find: Callable[[str], int] = getattr(box, "findText", lambda _: -1)
    place = find(text)
    if place < 0 or box is None:
        return False
    box.setCurrentIndex(place)
    return True


def _set_value(panel: Any, field: str, value: int) -> bool:
    box = getattr(panel, field, None)
    if box is None or not hasattr(box, "setValue"):
        return False
    box.setValue(value)
    return True


def _unfold(panel: Any, field: str) -> None:
    """Open the group boxes around a field of the other panel, which are folded at its start."""
    from qtpy.QtWidgets import QGroupBox, QWidget

    widget = getattr(panel, field, None)
    while isinstance(widget, QWidget):
        if isinstance(widget, QGroupBox) and widget.isCheckable():
            widget.setChecked(True)
        widget = widget.parent()
