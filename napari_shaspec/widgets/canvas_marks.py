"""Letters at the edges of a canvas and a crosshair over it, drawn by Qt above the picture."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
from qtpy.QtCore import QEvent, QObject, QPointF, QRectF, Qt
from qtpy.QtGui import QColor, QFontMetricsF, QImage, QPainter, QPainterPath, QPaintEvent, QPen
from qtpy.QtWidgets import QWidget

from napari_shaspec.layers.orientation import Edges, edges_of
from napari_shaspec.layers.text_sizes import CAPTION, LETTER

if TYPE_CHECKING:
    from napari.components import ViewerModel
    from napari.qt import QtViewer

COLOUR, HALO = "#ffd75e", "#000000"
"""Readable on a black and on a white canvas."""
MARGIN = 8  # pixels between a letter and the edge
GAP = 12  # pixels between the arms of the crosshair and its point
SHADE = 110  # opacity of the halo of the crosshair, of 255
WIDER = 1.25  # napari's letters, than those of this font
FREE = 30  # pixels at the edges that are left to the letters


@dataclass(frozen=True)
class Marks:
    """What is drawn: the letters, and the pixel (x, y) of the crosshair."""

    edges: Edges | None = None
    cross: tuple[int, int] | None = None
    drop: int = 0
    """How far the upper letter lies below the edge, where a caption needs the place."""
    letter: int = 0
    """Height of the letters in pixels."""


class CanvasMarks(QWidget):
    """Lies over the canvas of one viewer, and lets the mouse through.

    Args:
        shown: the viewer's widget.
        leader: the viewer whose point is marked; default: that of the widget.
    """

    def __init__(self, shown: QtViewer, leader: ViewerModel | None = None) -> None:
        self._canvas = shown.canvas.native
        super().__init__(self._canvas)
        self.view = shown
        self.setObjectName("shaspec_marks")
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.setAttribute(Qt.WidgetAttribute.WA_NoSystemBackground)
        self._viewer: ViewerModel = shown.viewer
        self._leader = leader or shown.viewer
        self._letters = self._cross = False
        self.marks = Marks()
        """What is drawn now."""
        self._drawn = shown.canvas.events.draw
        self._drawn.connect(self._refresh, position="last")
        self._leader.dims.events.point.connect(self._refresh)
        self._canvas.installEventFilter(self)
        self._fit()
        self.show()  # the canvas may be visible already

    def show_marks(self, *, letters: bool, cross: bool) -> None:
        """Sets what is drawn."""
        self._letters, self._cross = letters, cross
        self._refresh()

    def end(self) -> None:
        """Disconnects from the viewer and removes the marks."""
        self._drawn.disconnect(self._refresh)
        self._leader.dims.events.point.disconnect(self._refresh)
        self._canvas.removeEventFilter(self)
        self.setParent(None)
        self.deleteLater()

    def eventFilter(self, _watched: QObject | None, event: QEvent | None) -> bool:
        """Follows the size of the canvas."""
        if event is not None and event.type() == QEvent.Type.Resize:
            self._fit()
        return False

    def paintEvent(self, _event: QPaintEvent | None) -> None:
        """Draws the marks."""
        painter = QPainter(self)
        self._draw(painter)
        painter.end()

    def over(self, picture: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
        """A screenshot (rows, columns, 4) of the canvas with the marks."""
        rows, columns = picture.shape[:2]
        image = QImage(picture.tobytes(), columns, rows, QImage.Format.Format_RGBA8888)
        painter = QPainter(image)
        painter.scale(columns / self.width(), rows / self.height())
        self._draw(painter)
        painter.end()
        return pixels_of(image)

    # -- what is drawn -------------------------------------------------------------------------

    def _fit(self) -> None:
        self.setGeometry(self._canvas.rect())
        self.lower()  # napari's notifications lie above
        self._refresh()

    def _refresh(self, *_: object) -> None:
        """The canvas draws itself whenever camera, layers or theme change."""
        edges = edges_of(self._viewer) if self._letters else None
        marks = Marks(edges, self._place_of_cross(), self._drop(), round(LETTER.now))
        if marks != self.marks:  # to draw the marks draws the canvas below them
            self.marks = marks
            self.update()

    def _drop(self) -> int:
        """The height of a caption that reaches from the corner to the letter."""
        overlays = self._viewer.canvas.overlays
        if "missing" not in overlays or not overlays["missing"].visible:
            return 0
        font = self.font()
        font.setPointSizeF(CAPTION.now)
        metrics, lines = QFontMetricsF(font), overlays["missing"].text.splitlines()
        wide = max(map(metrics.horizontalAdvance, lines), default=0)
        free = self.width() / 2 - LETTER.now - 2 * MARGIN
        return round(len(lines) * metrics.lineSpacing()) + 2 * MARGIN if WIDER * wide > free else 0

    def _place_of_cross(self) -> tuple[int, int] | None:
        viewer, camera, point = self._viewer, self._viewer.scene.camera, self._leader.dims.point
        if not self._cross or viewer.dims.ndisplay != 2 or viewer.canvas.grid.enabled:
            return None
        if len(point) != viewer.dims.ndim:
            return None
        row, column = viewer.dims.displayed
        vertical, horizontal = camera.orientation2d
        down = camera.zoom * (point[row] - camera.center[-2])
        right = camera.zoom * (point[column] - camera.center[-1])
        x = self.width() / 2 + (right if horizontal == "right" else -right)
        y = self.height() / 2 + (down if vertical == "down" else -down)
        return round(x), round(y)

    # -- drawing -------------------------------------------------------------------------------

    def _draw(self, painter: QPainter) -> None:
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if self.marks.cross is not None:
            self._draw_cross(painter, *self.marks.cross)
        if self.marks.edges is not None:
            self._draw_letters(painter, self.marks.edges)

    def _draw_cross(self, painter: QPainter, x: int, y: int) -> None:
        right, bottom = self.width() - FREE, self.height() - FREE
        arms = (
            (min(FREE, x), y, x - GAP, y),
            (x + GAP, y, max(right, x + GAP), y),
            (x, min(FREE, y), x, y - GAP),
            (x, y + GAP, x, max(bottom, y + GAP)),
        )
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
        shade = QColor(HALO)
        shade.setAlpha(SHADE)
        for colour, width in ((shade, 3), (QColor(COLOUR), 1)):
            painter.setPen(QPen(colour, width))
            for arm in arms:
                painter.drawLine(*arm)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)

    def _draw_letters(self, painter: QPainter, edges: Edges) -> None:
        font = self.font()
        font.setBold(True)
        font.setPixelSize(self.marks.letter)
        metrics = QFontMetricsF(font)
        high, area = metrics.capHeight(), QRectF(self.rect())
        places = {
            edges.top: QPointF(area.center().x(), MARGIN + high + self.marks.drop),
            edges.bottom: QPointF(area.center().x(), area.bottom() - MARGIN),
            edges.left: QPointF(MARGIN, area.center().y() + high / 2),
            edges.right: QPointF(area.right() - MARGIN, area.center().y() + high / 2),
        }
        path = QPainterPath()
        for letter, place in places.items():
            wide = metrics.horizontalAdvance(letter)
            # Centred above and below; inside of the canvas on the left and right.
            back = {edges.left: 0.0, edges.right: wide}.get(letter, wide / 2)
            path.addText(place - QPointF(back, 0), font, letter)
        painter.strokePath(path, QPen(QColor(HALO), 3))
        painter.fillPath(path, QColor(COLOUR))


def pixels_of(image: QImage) -> npt.NDArray[np.uint8]:
    """The pixels (rows, columns, 4) of an image."""
    image = image.convertToFormat(QImage.Format.Format_RGBA8888)
    memory = image.constBits()
    assert memory is not None
    if hasattr(memory, "setsize"):  # of PyQt
        memory.setsize(image.sizeInBytes())
    page = np.array(memory, np.uint8).reshape(image.height(), image.bytesPerLine() // 4, 4)
    return page[:, : image.width()]
