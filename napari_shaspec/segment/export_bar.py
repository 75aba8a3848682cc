"""Buttons for the shown result: report, save, copy the command, undo."""

from __future__ import annotations

from qtpy.QtCore import Signal
from qtpy.QtWidgets import QGridLayout, QWidget

from napari_shaspec.segment.shortcuts import UNDO
from napari_shaspec.widgets.controls import push_button


class ExportBar(QWidget):
    """Four buttons in two rows."""

    saved = Signal()
    reported = Signal()
    copied = Signal()
    undone = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._report = push_button(
            "report",
            "Report…",
            "Write a report on the case as HTML or PDF: slices, sizes from every subset and "
            "their provenance. Edited labels are included",
        )
        save = push_button(
            "save",
            "Save result…",
            "Save the shown result with its edits, on the grid of its input, or a "
            "table of sizes from all subsets, or of classes",
        )
        copy = push_button(
            "copy",
            "Copy as command",
            "Copy the command line that reproduces the shown result",
        )
        self._undo = push_button(
            "undo",
            "Undo",
            "Undo the last edit of the shown result; without edits, restore the result before the "
            f"last run, and press again to redo it ({UNDO})",
        )
        save.clicked.connect(self.saved)
        self._report.clicked.connect(self.reported)
        copy.clicked.connect(self.copied)
        self._undo.clicked.connect(self.undone)
        rows = QGridLayout(self)
        rows.setContentsMargins(0, 0, 0, 0)
        rows.setSpacing(4)
        for place, button in enumerate((save, self._report, copy, self._undo)):
            rows.addWidget(button, *divmod(place, 2))

    def set_busy(self, busy: bool) -> None:
        """Disables the report button while a job runs: one job at a time."""
        self._report.setEnabled(not busy)

    def offer_undo(self, offered: bool) -> None:
        """Only if there is an edit to undo, or an earlier result."""
        self._undo.setEnabled(offered)

    def offer_report(self, offered: bool) -> None:
        """Only of label maps."""
        self._report.setVisible(offered)
