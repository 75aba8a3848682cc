"""The line between the two sides of a swipe: lies over the canvas and is dragged with the mouse."""

from __future__ import annotations

from qtpy.QtCore import QEvent, QObject, QPointF, QRect, Qt, Signal
from qtpy.QtGui import QColor, QMouseEvent, QPainter, QPainterPath, QPaintEvent, QPen, QRegion
from qtpy.QtWidgets import QWidget

from napari_shaspec.widgets.canvas_marks import COLOUR, HALO
from napari_shaspec.widgets.large_type import growth

GRIP = 9  # pixels, width of the part that takes the mouse
HANDLE = (64, 30)  # pixels, width and height of the box with the letters
LETTERS = ("A", "B")
EDGE = 0.02  # the line does not leave the canvas


class Divider(QWidget):
    """A vertical line at a fraction of the width of its parent, with A and B on its sides."""

    moved = Signal(float)
    """The user dragged the line to this fraction of the width."""

    def __init__(self, canvas: QWidget) -> None:
        super().__init__(canvas)
        self.setObjectName("shaspec_divider")
        self.setCursor(Qt.CursorShape.SplitHCursor)
        self.setToolTip("Drag: A is on the left, B on the right")
        self._canvas, self._place = canvas, 0.5
        canvas.installEventFilter(self)
        self.go(0.5)
        self.show()

    def go(self, place: float) -> None:
        """Moves the line to a fraction of the width."""
        self._place = place
        wide, high = (round(growth() * side) for side in HANDLE)
        middle = round(place * self._canvas.width())
        self.setGeometry(middle - wide // 2, 0, wide, self._canvas.height())
        grip = QRect((wide - GRIP) // 2, 0, GRIP, self.height())
        self._box = QRect(0, (self.height() - high) // 2, wide, high)
        self.setMask(QRegion(grip) + QRegion(self._box))  # the canvas gets the mouse elsewhere
        self.update()

    def end(self) -> None:
        """Removes the line."""
        self._canvas.removeEventFilter(self)
        self.setParent(None)
        self.deleteLater()

    def eventFilter(self, _watched: QObject | None, event: QEvent | None) -> bool:
        """Follows the size of the canvas."""
        if event is not None and event.type() == QEvent.Type.Resize:
            self.go(self._place)
        return False

    def mousePressEvent(self, event: QMouseEvent | None) -> None:
        """Takes the drag; other buttons go to the canvas."""
        if event is not None:
            event.setAccepted(event.button() == Qt.MouseButton.LeftButton)

    def mouseMoveEvent(self, event: QMouseEvent | None) -> None:
        """Moves the line with the mouse."""
        if event is not None and event.buttons() & Qt.MouseButton.LeftButton:
            x = self.mapToParent(event.position().toPoint()).x()
            self.moved.emit(min(max(x / self._canvas.width(), EDGE), 1 - EDGE))

    def paintEvent(self, _event: QPaintEvent | None) -> None:
        """Draws the line and the letters."""
        painter, middle = QPainter(self), self.width() // 2
        for colour, width in ((HALO, 4), (COLOUR, 2)):
            painter.setPen(QPen(QColor(colour), width))
            painter.drawLine(middle, 0, middle, self.height())
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        font = self.font()
        font.setBold(True)
        font.setPixelSize(round(growth() * 16))
        painter.setFont(font)
        metrics = painter.fontMetrics()
        path, base = QPainterPath(), self._box.center().y() + metrics.capHeight() / 2
        for letter, centre in zip(LETTERS, (0.25, 0.78), strict=True):
            left = centre * self.width() - metrics.horizontalAdvance(letter) / 2
            path.addText(QPointF(left, base), font, letter)
        painter.strokePath(path, QPen(QColor(HALO), 3))
        painter.fillPath(path, QColor(COLOUR))
        painter.end()
