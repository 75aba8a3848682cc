"""A matplotlib figure as a Qt widget."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def figure_on_canvas() -> tuple[Figure, Any]:
    """An empty figure and the widget that shows it."""
    from matplotlib.backends.backend_qtagg import FigureCanvasQTAgg
    from matplotlib.figure import Figure

    class Canvas(FigureCanvasQTAgg):
        """Passes wheel events to the panel, so that it scrolls."""

        def wheelEvent(self, event: Any) -> None:
            event.ignore()

    figure = Figure(layout="constrained")
    return figure, Canvas(figure)
