"""Shared and specific features of many cases as points, as in the figure of the ShaSpec paper."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from qtpy.QtCore import Signal
from qtpy.QtWidgets import QFileDialog, QHBoxLayout, QPushButton, QVBoxLayout, QWidget

from napari_shaspec.widgets.controls import fix_height
from napari_shaspec.widgets.figure_canvas import FigureView

if TYPE_CHECKING:
    from shaspec.analysis.features.cohort import WindowPoint
    from shaspec.task import Task

HEIGHT = 330
FIGURE_FILTER = "Figure (*.png *.pdf *.svg)"


class CohortView(QWidget):
    """A button to choose a folder of cases, and the figure of their features."""

    chosen = Signal(str)
    """The folder."""
    saved = Signal(str)
    """Path of the figure file."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._open, self._save = QPushButton("Many cases…"), QPushButton("Save figure…")
        self._open.setObjectName("shaspec_many")
        self._open.setToolTip(
            "Choose a folder of cases. Plots the shared and specific features of every window and "
            "modality with t-SNE, as in the ShaSpec paper"
        )
        self._save.setObjectName("shaspec_save_many")
        self._save.setToolTip("Save the figure, and its points as CSV next to it")
        self.view = FigureView()
        fix_height(self.view, HEIGHT)
        self.view.setToolTip("Circles: shared features. Triangles: specific features")
        buttons = QHBoxLayout()
        buttons.addWidget(self._open, 1)
        buttons.addWidget(self._save, 1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addLayout(buttons)
        layout.addWidget(self.view)
        self._open.clicked.connect(self._on_open)
        self._save.clicked.connect(self._on_save)
        self.show_points((), None)

    def set_ready(self, ready: bool) -> None:
        """Enables the button while no job runs."""
        self._open.setEnabled(ready)

    def show_points(self, points: Sequence[WindowPoint], task: Task | None) -> None:
        """Draws the figure, or hides it if there are no points."""
        for view in (self.view, self._save):
            view.setVisible(bool(points))
        if not points or task is None:
            return
        from shaspec.analysis.features.figure import draw_cohort

        figure = self.view.figure
        figure.clear()
        pane = draw_cohort(figure, points, task)
        handles, names = pane.get_legend_handles_labels()
        figure.legend(
            handles, names, loc="outside lower center", ncols=2, fontsize=7, frameon=False
        )
        self.view.canvas.draw_idle()

    def _on_open(self) -> None:
        folder = QFileDialog.getExistingDirectory(self, "Folder with a folder per case")
        if folder:
            self.chosen.emit(folder)

    def _on_save(self) -> None:
        proposal = str(Path.cwd() / "cohort_features.png")
        path, _ = QFileDialog.getSaveFileName(self, "Save figure", proposal, FIGURE_FILTER)
        if path:
            self.saved.emit(path if Path(path).suffix else f"{path}.png")
