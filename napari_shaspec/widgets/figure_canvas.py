"""A matplotlib figure as a Qt widget."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from qtpy.QtGui import QResizeEvent

from napari_shaspec.widgets.large_type import follow_growth

if TYPE_CHECKING:
    from matplotlib.figure import Figure


DPI = 100


def figure_on_canvas() -> tuple[Figure, Any]:
    """An empty figure and the widget that shows it."""
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

    figure = Figure(layout="constrained", dpi=DPI)
    canvas = Canvas(figure)
    follow_growth(canvas, lambda factor: canvas.grow(1 + 0.7 * (factor - 1)))
    return figure, canvas
