"""A matplotlib figure as a Qt widget; matplotlib is imported when the figure is first used."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any

from qtpy.QtCore import QSize, Signal
from qtpy.QtGui import QResizeEvent
from qtpy.QtWidgets import QVBoxLayout, QWidget

from napari_shaspec.widgets.large_type import follow_growth

if TYPE_CHECKING:
    from matplotlib.figure import Figure


DPI = 100
SIZE = QSize(640, 480)  # pixels, if the layout asks


class FigureView(QWidget):
    """A figure and the canvas that shows it, both made when one of them is first used.

    Args:
        measured: whether matplotlib measures all texts at each drawing, to leave room for them.
    """

    pressed = Signal(object)
    """A matplotlib event: the mouse was pressed on the figure."""
    resized = Signal(object)
    """A matplotlib event: the figure has another size in inches."""

    def __init__(self, parent: QWidget | None = None, *, measured: bool = True) -> None:
        super().__init__(parent)
        self._measured = measured
        self._inside = QVBoxLayout(self)
        self._inside.setContentsMargins(0, 0, 0, 0)

    @property
    def figure(self) -> Figure:
        """The figure, empty at first."""
        figure: Figure = self.canvas.figure
        return figure

    @cached_property
    def canvas(self) -> Any:
        """The widget of matplotlib inside of this one."""
        canvas = _canvas("constrained" if self._measured else "none")
        canvas.mpl_connect("button_press_event", self.pressed.emit)
        canvas.mpl_connect("resize_event", self.resized.emit)
        self._inside.addWidget(canvas)
        return canvas

    def sizeHint(self) -> QSize:
        """The same before and after the canvas is made."""
        return SIZE


def _canvas(layout: Any) -> Any:
    """A canvas with an empty figure, with a layout engine of matplotlib."""
    from matplotlib.backends.backend_qtagg import FigureCanvasQTAgg
    from matplotlib.figure import Figure

    class Canvas(FigureCanvasQTAgg):
        """Passes wheel events to the panel, so that it scrolls."""

        def wheelEvent(self, event: Any) -> None:
            event.ignore()

        def grow(self, factor: float) -> None:
            """Texts and lines by this factor; the size of the widget stays."""
            if self.figure.dpi != factor * DPI:
                self.figure.dpi = factor * DPI
                self.resizeEvent(QResizeEvent(self.size(), self.size()))

    canvas = Canvas(Figure(layout=layout, dpi=DPI))
    follow_growth(canvas, lambda factor: canvas.grow(1 + 0.7 * (factor - 1)))
    return canvas
