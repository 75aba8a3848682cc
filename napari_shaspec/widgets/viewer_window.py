"""The widget with the canvas of a viewer."""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari.qt import QtViewer
from qtpy.QtWidgets import QApplication

if TYPE_CHECKING:
    from napari.components import ViewerModel


def window_of(viewer: ViewerModel) -> QtViewer | None:
    """The widget with the canvas of a viewer; None for a model without a window."""
    real = getattr(viewer, "__wrapped__", viewer)  # plugins get a proxy
    tops = QApplication.topLevelWidgets()
    views = (view for top in tops for view in top.findChildren(QtViewer))
    return next((view for view in views if view.viewer is real), None)
