"""napari's list of layers without the copies that lie in the panes."""

from __future__ import annotations

from typing import TYPE_CHECKING
from weakref import ref

from qtpy.QtCore import QObject, Qt, QTimer
from qtpy.QtWidgets import QWidget

from napari_shaspec.layers.metadata import origin
from napari_shaspec.widgets.event_watch import EventWatch
from napari_shaspec.widgets.viewer_window import window_of

if TYPE_CHECKING:
    from napari.components import ViewerModel


class LayerRows(QObject):
    """Hides the rows of copies, as long as ``panel`` lives.

    napari draws a layer in one pane only, so a view with several panes needs copies of a result or
    of marked voxels. They have the same voxels and look, so a row for each of them says nothing.

    Args:
        panel: the widget that this belongs to.
        viewer: its layers; one without a window has no list.
    """

    def __init__(self, panel: QWidget, viewer: ViewerModel) -> None:
        super().__init__(panel)
        self._timer = QTimer(self)  # several layers come and go at once
        self._timer.setSingleShot(True)
        self._timer.timeout.connect(self._hide)
        window, events = window_of(viewer), viewer.layers.events
        if window is not None:
            self._window = ref(window)  # a closed panel must not keep it
            changes = (events.inserted, events.removed, events.reordered)
            EventWatch(panel, changes, self._timer.start)
            window.destroyed.connect(self._timer.stop)

    def _hide(self) -> None:
        window = self._window()
        rows = None if window is None else window.layers
        model = None if rows is None else rows.model()
        if rows is None or model is None:
            return
        marked = 0
        for row in range(model.rowCount()):
            layer = model.index(row, 0).data(Qt.ItemDataRole.UserRole)
            kind = None if layer is None else origin(layer).get("kind")
            marked += kind == "marked"
            rows.setRowHidden(row, kind == "pane" or (kind == "marked" and marked > 1))
