"""Scatter plot drawn on the GPU: scroll to zoom, drag to pan, Shift-drag for the lasso."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from qtpy.QtCore import QTimer, Signal
from qtpy.QtWidgets import QVBoxLayout, QWidget

from napari_shaspec.widgets import theme

Array = npt.NDArray[Any]

HEIGHT = 280
MARKED = (1.0, 0.83, 0.0, 1.0)
FADED = 0.25  # opacity of unmarked points while others are marked
FEW = 5_000  # points drawn while the view moves: more would stutter without a GPU
REST = 250  # milliseconds without movement until all points are drawn again


class Scatter(QWidget):
    """A vispy canvas. It needs a display, so it is created only when there are points to draw."""

    lassoed = Signal(object)
    """Boolean mask (n,) of the points inside the outline drawn by the user."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("shaspec_scatter")
        self._layout = QVBoxLayout(self)
        self._layout.setContentsMargins(0, 0, 0, 0)
        self._canvas: Any = None
        self._xy: Array = np.zeros((0, 2), np.float32)
        self._colours: Array = np.zeros((0, 4), np.float32)
        self._outline: list[Array] = []
        self.lasso = False
        """Draw an outline without holding Shift."""
        self.setFixedHeight(HEIGHT)
        self.hide()

    def show_points(self, xy: Array, colours: Array) -> None:
        """Draws points (n, 2) in colours (n, 4); the view changes only if the points moved."""
        moved = len(xy) != len(self._xy) or not np.array_equal(xy, self._xy)
        self._xy, self._colours = np.asarray(xy, np.float32), np.asarray(colours, np.float32)
        self.setVisible(len(xy) > 0)
        if not len(xy):
            return
        if self._canvas is None:
            self._make()
        self.show_marked(None)
        if moved:
            low, high = np.percentile(self._xy, (0.1, 99.9), axis=0)
            margin = 0.05 * np.maximum(high - low, 1e-6)
            self._view.camera.rect = (*(low - margin), *(high - low + 2 * margin))

    def show_marked(self, points: Array | None) -> None:
        """Highlights the points of a mask (n,) and fades the others; None: no marks."""
        if self._canvas is None or not len(self._xy):
            return
        some = points is not None and bool(points.any())
        colours = self._colours.copy()
        if some:
            colours[:, 3] *= FADED
        size = 2.5 if len(self._xy) > 5000 else 5.0
        self._points.set_data(self._xy, face_color=colours, edge_width=0, size=size)
        few = slice(None, None, max(1, len(self._xy) // FEW))
        self._few.set_data(self._xy[few], face_color=colours[few], edge_width=0, size=size)
        self._marked.visible = some
        if some:
            self._marked.set_data(self._xy[points], face_color=MARKED, edge_width=0, size=size + 1)

    def inside(self, outline: Array) -> Array:
        """Mask (n,) of the points inside an outline (k, 2) in canvas pixels."""
        from matplotlib.path import Path

        corners = self._points.get_transform("canvas", "visual").map(outline)
        mask: Array = Path(corners[:, :2] / corners[:, 3:]).contains_points(self._xy)
        return mask

    def _make(self) -> None:
        from qtpy import API_NAME
        from vispy import app, scene

        app.use_app(API_NAME.lower())  # the Qt binding of napari
        self._canvas = scene.SceneCanvas(keys=None, show=False, parent=self)
        self._view = self._canvas.central_widget.add_view(camera=scene.PanZoomCamera())
        # All lie in one plane: later ones are drawn over earlier ones.
        self._points = scene.Markers(parent=self._view.scene, antialias=0)
        self._few = scene.Markers(parent=self._view.scene, antialias=0)
        self._marked = scene.Markers(parent=self._view.scene, antialias=0)
        self._line = scene.Line(parent=self._canvas.scene, color="white", method="gl")
        for order, visual in enumerate((self._points, self._few, self._marked, self._line)):
            visual.order = order
            visual.set_gl_state("translucent", depth_test=False)
        self._marked.set_data(np.zeros((1, 2), np.float32))  # vispy needs its bounds
        self._few.visible = self._marked.visible = self._line.visible = False
        self._rest = QTimer(self)
        self._rest.setSingleShot(True)
        self._rest.setInterval(REST)
        self._rest.timeout.connect(self._draw_all)
        self._view.scene.transform.changed.connect(self._on_moved)
        self._canvas.events.mouse_press.connect(self._on_press)
        self._canvas.events.mouse_move.connect(self._on_move)
        self._canvas.events.mouse_release.connect(self._on_release)
        self._canvas.native.setMinimumSize(1, 1)  # otherwise it widens the panel
        self._layout.addWidget(self._canvas.native)
        theme.follow(self, self._restyle)

    def _on_moved(self, _event: Any) -> None:
        self._points.visible, self._few.visible = False, True
        self._rest.start()

    def _draw_all(self) -> None:
        self._points.visible, self._few.visible = True, False

    def _on_press(self, event: Any) -> None:
        if event.button == 1 and (self.lasso or "Shift" in event.modifiers):
            self._view.camera.interactive = False
            self._outline = [event.pos]

    def _on_move(self, event: Any) -> None:
        if self._outline:
            self._outline.append(event.pos)
            self._line.set_data(np.array([*self._outline, self._outline[0]], np.float32))
            self._line.visible = True

    def _on_release(self, _event: Any) -> None:
        outline, self._outline = self._outline, []
        self._view.camera.interactive = True
        self._line.visible = False
        if len(outline) > 2:
            self.lassoed.emit(self.inside(np.array(outline)))
        elif outline:  # a click clears the marks
            self.lassoed.emit(np.zeros(len(self._xy), bool))

    def _restyle(self) -> None:
        self._canvas.bgcolor = theme.colour("canvas")
        self._line.set_data(color=theme.readable_on(theme.colour("canvas")))
