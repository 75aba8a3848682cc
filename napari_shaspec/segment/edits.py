"""Notices when a result is painted in: in its own layer, or in its copy in a grid pane."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from napari_shaspec.jobs.runner import later
from napari_shaspec.layers.metadata import origin

if TYPE_CHECKING:
    from napari.components import ViewerModel

KINDS = ("result", "pane")


class EditWatch:
    """Calls ``changed`` after every stroke, fill, undo and redo in a result.

    Args:
        viewer: the viewer whose layers are watched.
        changed: is called once for each change.
        wait: calls a function when this thread is free; a stroke may emit many events.
    """

    def __init__(
        self,
        viewer: ViewerModel,
        changed: Callable[[], None],
        wait: Callable[[Callable[[], None]], None] = later,
    ) -> None:
        self._viewer, self._changed, self._wait = viewer, changed, wait
        self._painted: set[int] = set()  # layers with a stroke; others need no look at every slice
        self._waiting = False
        viewer.layers.events.inserted.connect(self._on_inserted)

    def close(self) -> None:
        """Stops watching."""
        self._viewer.layers.events.inserted.disconnect(self._on_inserted)
        for layer in self._viewer.layers:
            if origin(layer).get("kind") in KINDS:
                layer.events.paint.disconnect(self._on_paint)
                layer.events.set_data.disconnect(self._on_data)

    def _on_inserted(self, event: Any) -> None:
        layer = event.value
        if origin(layer).get("kind") in KINDS:
            layer.events.paint.connect(self._on_paint)
            layer.events.set_data.connect(self._on_data)

    def _on_paint(self, event: Any) -> None:
        """Emitted before the voxels change, where a script paints."""
        self._painted.add(id(event.source))
        self._soon()

    def _on_data(self, event: Any) -> None:
        """All that undo and redo emit; scrolling emits it too, so only after a stroke."""
        if id(event.source) in self._painted:
            self._soon()

    def _soon(self) -> None:
        if not self._waiting:
            self._waiting = True
            self._wait(self._now)

    def _now(self) -> None:
        self._waiting = False
        self._changed()
