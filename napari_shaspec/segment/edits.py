"""Detects edits of a result, in its own layer or in its copy in a grid pane."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any
from weakref import WeakSet

from napari_shaspec.jobs.turns import later
from napari_shaspec.layers.metadata import origin

if TYPE_CHECKING:
    from napari.components import ViewerModel
    from napari.layers import Layer

KINDS = ("result", "pane")


class EditWatch:
    """Calls ``changed`` after every edit of a result: stroke, fill, undo or redo.

    Args:
        viewer: the viewer with the layers.
        changed: called once per edit.
        wait: calls a function when this thread is idle; one stroke can emit many events.
    """

    def __init__(
        self,
        viewer: ViewerModel,
        changed: Callable[[], None],
        wait: Callable[[Callable[[], None]], None] = later,
    ) -> None:
        self._viewer, self._changed, self._wait = viewer, changed, wait
        self._painted: set[int] = set()  # edited layers; others need not be checked at every slice
        self._waiting = False
        self._followed: WeakSet[Layer] = WeakSet()
        viewer.layers.events.inserted.connect(self._on_inserted)

    def close(self) -> None:
        """Stops watching."""
        self._viewer.layers.events.inserted.disconnect(self._on_inserted)
        for layer in list(self._followed):
            layer.events.paint.disconnect(self._on_paint)
            layer.events.set_data.disconnect(self._on_data)
            layer.events.data.disconnect(self._on_paint)
        self._followed.clear()

    def follow(self, layer: Layer) -> None:
        """Watches a layer that has become a result after it was inserted."""
        if layer not in self._followed:
            self._followed.add(layer)
            layer.events.paint.connect(self._on_paint)
            layer.events.set_data.connect(self._on_data)
            layer.events.data.connect(self._on_paint)

    def _on_inserted(self, event: Any) -> None:
        if origin(event.value).get("kind") in KINDS:
            self.follow(event.value)

    def _on_paint(self, event: Any) -> None:
        """A stroke, or other voxels in place of these. A script that paints emits the event before
        the voxels change."""
        self._painted.add(id(event.source))
        self._soon()

    def _on_data(self, event: Any) -> None:
        """Undo and redo emit only this event. Scrolling does too, so it counts after a stroke."""
        if id(event.source) in self._painted:
            self._soon()

    def _soon(self) -> None:
        if not self._waiting:
            self._waiting = True
            self._wait(self._now)

    def _now(self) -> None:
        self._waiting = False
        self._changed()
