"""Figures of a sweep in the colours of napari's theme."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from typing import Any

from qtpy.QtCore import Signal
from qtpy.QtGui import QShowEvent
from qtpy.QtWidgets import QLabel, QStackedLayout, QWidget

from napari_shaspec.robustness.state import Shown
from napari_shaspec.widgets import theme
from napari_shaspec.widgets.figure_canvas import FigureView
from shaspec.analysis.robustness_plots import HeatMapAxes, Ink, draw_contributions, draw_heat_map
from shaspec.analysis.subset_table import Measure, SubsetTable, subsets_of


class SubsetPlot(QWidget):
    """A figure, or a text if there is nothing to draw. Drawn only while visible."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._tables: tuple[SubsetTable, ...] = ()
        self._measure: Measure | None = None
        self._shown: Shown | None = None
        self._stale = True
        self.view = FigureView()
        self._text = QLabel()
        self._text.setWordWrap(True)
        self._layers = QStackedLayout(self)
        self._layers.addWidget(self.view)
        self._layers.addWidget(self._text)
        theme.follow(self, self._redraw)

    def show_tables(
        self, tables: Sequence[SubsetTable], measure: Measure, shown: Shown | None
    ) -> None:
        """Draws the tables, now or when the figure becomes visible."""
        self._tables, self._measure, self._shown = tuple(tables), measure, shown
        self._redraw()

    def showEvent(self, event: QShowEvent | None) -> None:
        """Redraws changes made while the figure was hidden."""
        super().showEvent(event)
        if self._stale:
            self._redraw()

    @abstractmethod
    def draw(self, tables: Sequence[SubsetTable], measure: Measure, ink: Ink) -> None:
        """Draws the figure of ``self.view``."""

    def missing(self, tables: Sequence[SubsetTable], measure: Measure) -> str:
        """Why there is nothing to draw; empty if there is something."""
        del measure
        return "" if tables else "No results yet. Run the subsets."

    def _redraw(self) -> None:
        self._stale = not self.isVisible()
        if self._stale:
            return
        measure = self._measure
        why = self.missing(self._tables, measure) if measure else "No results yet."
        self._text.setText(why)
        self._layers.setCurrentIndex(1 if why else 0)
        if measure is not None and not why:
            paper = theme.colour("background")
            ink = Ink(theme.colour("text"), theme.colour("primary"), paper)
            self.draw(self._tables, measure, ink)
            self.view.canvas.draw_idle()


class HeatMap(SubsetPlot):
    """Heat map of subsets and regions; a click shows that result."""

    chosen = Signal(object)
    """The `Shown` row that the user wants to see."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.view.pressed.connect(self._on_pressed)
        self._blocks: HeatMapAxes | None = None

    def draw(self, tables: Sequence[SubsetTable], measure: Measure, ink: Ink) -> None:
        """Draws the heat map, with a frame around the shown row."""
        from matplotlib.patches import Rectangle

        self._blocks = draw_heat_map(self.view.figure, tables, measure, ink)
        order = subsets_of(tables[0].modalities)
        if self._shown is not None and self._shown.model in self._blocks.columns:
            left, right = self._blocks.columns[self._shown.model]
            frame = Rectangle(
                (left, order.index(self._shown.subset)), right - left, 1,
                fill=False, edgecolor=ink.text, linewidth=2, clip_on=False,
            )  # fmt: skip
            self._blocks.axes.add_patch(frame)

    def _on_pressed(self, event: Any) -> None:
        if event.xdata is None or self._blocks is None or not self._tables:
            return
        order = subsets_of(self._tables[0].modalities)
        subset = order[min(max(int(event.ydata), 0), len(order) - 1)]
        columns = self._blocks.columns
        hit = [name for name, (left, right) in columns.items() if left <= event.xdata < right]
        model = hit[0] if hit else self._tables[0].model  # the dots belong to the first model
        self.chosen.emit(Shown(model, subset))


class Contributions(SubsetPlot):
    """Shapley values as bars."""

    def draw(self, tables: Sequence[SubsetTable], measure: Measure, ink: Ink) -> None:
        """Draws the bars of the complete tables."""
        draw_contributions(self.view.figure, [t for t in tables if t.complete], measure, ink)

    def missing(self, tables: Sequence[SubsetTable], measure: Measure) -> str:
        """Shapley values need every subset."""
        if any(table.complete for table in tables):
            return ""
        return super().missing(tables, measure) or "Shapley values need all subsets."
