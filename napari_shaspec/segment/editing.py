"""Editing of the shown result in the panel *Segment*: brush, operations, undo. No Qt here."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

import numpy as np
import numpy.typing as npt

from napari_shaspec.jobs.runner import Handlers, Runner
from napari_shaspec.jobs.state import Level
from napari_shaspec.layers.metadata import KEY, of_kind, origin
from napari_shaspec.layers.results import layer_of
from napari_shaspec.layers.views import View
from napari_shaspec.segment.edit_history import EditHistory
from napari_shaspec.segment.state import ERASER, NO_TOOL, SegmentState
from shaspec.prediction import Prediction

if TYPE_CHECKING:
    from napari.components import ViewerModel
    from napari.layers import Labels

    from shaspec.editing import Operation


@dataclass(frozen=True, eq=False)
class _Operated:
    """Event: an operation has ended."""

    operation: Operation
    where: npt.NDArray[Any]
    """Flat indices of the voxels that change (n,)."""
    values: npt.NDArray[np.uint8]
    """Their new labels (n,)."""


def operation_job(
    labels: npt.NDArray[np.uint8], operation: Operation, result: Prediction
) -> Iterator[_Operated]:
    """Applies an operation to a copy of the labels. Slow: runs in a worker."""
    from shaspec.editing import apply

    new = apply(labels, operation, result.task, result.grid).reshape(-1)
    where = np.flatnonzero(new != labels.reshape(-1))
    yield _Operated(operation, where, new[where])


@dataclass(frozen=True)
class EditActions:
    """What `Editing` asks of the controller."""

    changed: Callable[[], None]
    """The labels of the shown result have changed."""
    say: Callable[[str, Level], None]
    failed: Callable[[Exception], None]


class Editing:
    """Keeps ``tool``, ``brush_3d``, ``brush_size``, ``can_undo_edit``, ``can_redo_edit`` and
    ``operating`` of a `SegmentState`, and the tool of the layers of the shown result."""

    def __init__(
        self, viewer: ViewerModel, state: SegmentState, run: Runner, actions: EditActions
    ) -> None:
        self._viewer, self._state, self._run, self._actions = viewer, state, run, actions
        self._histories: WeakKeyDictionary[Labels, EditHistory] = WeakKeyDictionary()
        self._bound: WeakKeyDictionary[Labels, bool] = WeakKeyDictionary()
        self._setting = False
        for field in ("results", "shown", "edited", "view"):
            state.events[field].connect(self.follow, max_args=0)

    # -- tools -----------------------------------------------------------------------------------

    def choose_tool(self, tool: int) -> None:
        """Paints with a label of the task, erases (`ERASER`), or neither (`NO_TOOL`)."""
        self._state.tool = tool
        self._apply_tool()

    def set_brush(self, size: int, in_3d: bool) -> None:
        """Sets the diameter of the brush in voxels, and whether it is a ball or a disc."""
        self._state.brush_size, self._state.brush_3d = size, in_3d
        self._apply_tool()

    def _apply_tool(self) -> None:
        """Sets the tool in the layers of the shown result, and no tool in those of others."""
        tool, state = self._state.tool, self._state
        targets = self._targets()
        self._setting = True
        try:
            for layer in [*of_kind(self._viewer, "result"), *of_kind(self._viewer, "pane")]:
                if layer not in targets:
                    if layer.mode in ("paint", "erase"):
                        layer.mode = "pan_zoom"
                    continue
                layer.n_edit_dimensions = layer.ndim if state.brush_3d else 2
                layer.brush_size = state.brush_size
                if tool > 0:
                    layer.selected_label = tool
                if tool != NO_TOOL:
                    layer.mode = "erase" if tool == ERASER else "paint"
                elif layer.mode in ("paint", "erase"):
                    layer.mode = "pan_zoom"
        finally:
            self._setting = False
        active = self._viewer.layers.selection.active
        if tool != NO_TOOL and targets and active not in targets:
            self._viewer.layers.selection.active = targets[0]

    def _on_mode(self, event: Any) -> None:
        """The user chose another tool in napari's own controls."""
        layer = event.source
        if self._setting or not layer.visible or layer not in self._targets():
            return  # napari takes the tool from a layer that is hidden
        label = int(layer.selected_label)
        tools = {"paint": label, "erase": ERASER}
        self._state.tool = tools.get(str(layer.mode), NO_TOOL)

    # -- edits -----------------------------------------------------------------------------------

    def record(self, name: str = "") -> None:
        """Notes what has changed in the shown result since the last call, as one edit."""
        layer = self._shown_layer()
        if layer is None:
            return
        history = self._histories.get(layer)
        if history is None or history.voxels is not layer.data:
            self.follow()
        elif history.record(name) if name else history.record():
            self._refresh(layer)
        self._note(layer)

    def undo(self) -> bool:
        """Undoes the last edit of the shown result; False if there is none."""
        return self._step(EditHistory.undo, "undone")

    def redo(self) -> bool:
        """Repeats the edit that was undone last; False if there is none."""
        return self._step(EditHistory.redo, "redone")

    def _step(self, step: Callable[[EditHistory], str], done: str) -> bool:
        layer = self._shown_layer()
        history = None if layer is None else self._histories.get(layer)
        if layer is None or history is None or history.voxels is not layer.data:
            return False
        name = step(history)
        if not name:
            return False
        self._refresh(layer)
        self._note(layer)
        self._actions.changed()
        self._actions.say(f"{name}: {done}", "info")
        return True

    def operate(self, operation: Operation) -> None:
        """Starts an operation on the shown result."""
        result, layer = self._state.shown_map, self._shown_layer()
        if result is None or layer is None or self._state.operating:
            return
        self.record()
        labels, voxels = layer.data.astype(np.uint8), layer.data
        self._state.operating = True

        def done(event: _Operated) -> None:
            if layer not in self._viewer.layers or layer.data is not voxels:
                self._actions.say("The result has changed: the edit was not applied.", "warning")
                return
            self._finish(event, layer, result)

        def ended() -> None:
            self._state.operating = False

        handlers = Handlers(done, self._actions.failed, ended)
        self._run(lambda: operation_job(labels, operation, result), handlers, threading.Event())

    def _finish(self, event: _Operated, layer: Labels, result: Prediction) -> None:
        unit = "" if result.grid.dims == 3 else "px"
        name = event.operation.text(unit)
        if not event.where.size:
            self._actions.say(f"{name}: nothing to change", "info")
            return
        self.record()  # a stroke made meanwhile is an edit of its own
        layer.data.flat[event.where] = event.values
        history = self._histories.get(layer)
        if history is not None:
            history.record(name)
        self._refresh(layer)
        self._note(layer)
        self._actions.changed()
        size = event.where.size * result.grid.voxel_size
        digits = 2 if result.grid.dims == 3 else 0
        self._actions.say(f"{name}: {size:.{digits}f} {result.grid.unit} changed", "info")

    # -- the shown result --------------------------------------------------------------------------

    def follow(self) -> None:
        """Begins the history of a result that is new, and hands it the tool."""
        layer = self._shown_layer()
        if layer is not None:
            history = self._histories.get(layer)
            if history is None or history.voxels is not layer.data:
                earlier = origin(layer).get("edits", [])
                self._histories[layer] = EditHistory(layer.data, earlier)
            for each in self._targets():
                self._bind(each)
        elif self._state.tool != NO_TOOL:
            self._state.tool = NO_TOOL
        self._apply_tool()
        self._note(layer)

    def close(self) -> None:
        """Disconnects from the layers."""
        self.choose_tool(NO_TOOL)
        for layer in list(self._bound):
            layer.events.mode.disconnect(self._on_mode)
            for keys in _keys():
                layer.bind_key(keys, None)
        self._bound.clear()

    def _bind(self, layer: Labels) -> None:
        """Lets napari's keys undo all edits of the result, not those of one layer."""
        if layer not in self._bound:
            self._bound[layer] = True
            for keys, action in zip(_keys(), (self.undo, self.redo), strict=True):
                layer.bind_key(keys, lambda _, action=action: self._pressed(action))
            layer.events.mode.connect(self._on_mode)

    @staticmethod
    def _pressed(action: Callable[[], bool]) -> None:
        action()  # napari would use what it returns

    def _note(self, layer: Labels | None) -> None:
        """Writes the edits into the metadata of the layer, for saving and reports."""
        history = None if layer is None else self._histories.get(layer)
        if layer is not None and history is not None:
            layer.metadata[KEY]["edits"] = history.names
        self._state.can_undo_edit = history is not None and history.can_undo
        self._state.can_redo_edit = history is not None and history.can_redo

    def _refresh(self, layer: Labels) -> None:
        """Redraws all layers that show the array."""
        for each in [layer, *of_kind(self._viewer, "pane")]:
            if each.data is layer.data:
                each.refresh()

    def _targets(self) -> list[Labels]:
        """The layers in which the shown result can be painted in the current view."""
        layer = self._shown_layer()
        if layer is None or self._state.view is View.THREE_D:
            return []
        panes = [pane for pane in of_kind(self._viewer, "pane") if pane.data is layer.data]
        return panes if self._state.view is View.GRID and panes else [layer]

    def _shown_layer(self) -> Labels | None:
        result = self._state.shown_map
        return None if result is None else layer_of(self._viewer, result)


def _keys() -> tuple[str, str]:
    """The keys with which napari undoes and redoes the strokes of one layer."""
    command = "Meta" if sys.platform == "darwin" else "Control"
    return f"{command}-Z", f"{command}-Shift-Z"
