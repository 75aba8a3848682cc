"""Plot of the loss terms of a run, updated during training."""

from __future__ import annotations

from qtpy.QtCore import QTimer
from qtpy.QtGui import QShowEvent
from qtpy.QtWidgets import QVBoxLayout, QWidget

from napari_shaspec.train.history import LossCurve
from napari_shaspec.widgets import theme
from napari_shaspec.widgets.controls import fix_height
from napari_shaspec.widgets.figure_canvas import FigureView

EVERY = 1000  # ms between two redraws: steps can be faster
HEIGHT = 190
BESIDE, BELOW, MARGIN = 0.65, 0.45, 0.1  # inches: numbers and label of the axes; other sides


class LossPlot(QWidget):
    """One line per loss term over the steps; hidden before the first step."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("shaspec_losses")
        fix_height(self, HEIGHT)
        self.setToolTip("Loss terms, averaged over the last steps")
        self.view = FigureView(measured=False)
        self.view.resized.connect(self._leave_margins)
        self._curve = LossCurve()
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(EVERY)
        self._timer.timeout.connect(self.draw)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.view)
        theme.follow(self, self.draw)
        self.hide()

    def show_curve(self, curve: LossCurve) -> None:
        """Redraws the plot within a second."""
        self._curve = curve
        self.setVisible(bool(curve.steps))
        if not self._timer.isActive():
            self._timer.start()

    def showEvent(self, event: QShowEvent | None) -> None:
        """Redraws changes made while the plot was hidden."""
        super().showEvent(event)
        self.draw()

    def draw(self) -> None:
        """Draws the current curve."""
        if not (self.isVisible() and self._curve.steps):
            return
        from matplotlib.ticker import MaxNLocator

        text, paper = theme.colour("text"), theme.colour("background")
        figure = self.view.figure
        figure.clear()
        figure.set_facecolor(paper)
        axes = figure.add_subplot()
        axes.set_facecolor(paper)
        few = "." if len(self._curve.steps) < 20 else ""
        for name, steps, values in self._curve.lines():
            axes.plot(steps, values, few + "-", label=name, linewidth=1.5)
        axes.set_xlabel("step", color=text)
        axes.set_ylabel("loss", color=text)
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
        axes.tick_params(colors=text, labelsize=8)
        axes.spines[["top", "right"]].set_visible(False)
        axes.spines[["left", "bottom"]].set_color(text)
        axes.legend(frameon=False, labelcolor=text, fontsize=8)
        self._leave_margins()
        self.view.canvas.draw_idle()

    def _leave_margins(self, *_: object) -> None:
        """Room for the texts. To measure them at every step takes longer than to draw them."""
        figure = self.view.figure
        width, height = figure.get_size_inches()
        figure.subplots_adjust(
            left=min(BESIDE / width, 0.4),
            right=1 - MARGIN / width,
            bottom=min(BELOW / height, 0.4),
            top=1 - MARGIN / height,
        )
