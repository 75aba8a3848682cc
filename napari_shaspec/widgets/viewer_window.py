"""The widget with the canvas of a viewer."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from napari.qt import QtViewer
from qtpy.QtCore import QEvent, QObject
from qtpy.QtWidgets import QApplication

if TYPE_CHECKING:
    from napari.components import ViewerModel


def window_of(viewer: ViewerModel) -> QtViewer | None:
    """The widget with the canvas of a viewer; None for a model without a window."""
    real = getattr(viewer, "__wrapped__", viewer)  # plugins get a proxy
    tops = QApplication.topLevelWidgets()
    views = (view for top in tops for view in top.findChildren(QtViewer))
    return next((view for view in views if view.viewer is real), None)


class _At(QObject):
    """Calls a function before a widget hears of an event of this kind; does not hold the widget."""

    def __init__(
        self, parent: QObject, watched: QObject | None, kind: QEvent.Type, call: Callable[[], None]
    ) -> None:
        super().__init__(parent)
        self._kind, self._call = kind, call
        if watched is not None:
            watched.installEventFilter(self)

    def eventFilter(self, watched: QObject | None, event: QEvent | None) -> bool:
        """Passes every event on."""
        if event is not None and event.type() == self._kind:
            self._call()
        return super().eventFilter(watched, event)


def before_end(owner: QObject, viewer: ViewerModel, call: Callable[[], None]) -> None:
    """Calls a function before napari deletes the canvas of a viewer, while ``owner`` exists.

    ``viewer.close()`` closes the widget with the canvas; a window that the user has closed is
    deleted in a later turn of the event loop. If closing is refused, nothing is called.
    """
    view = window_of(viewer)
    if view is not None:
        _At(owner, view, QEvent.Type.Close, call)
        _At(owner, view.window(), QEvent.Type.DeferredDelete, call)
