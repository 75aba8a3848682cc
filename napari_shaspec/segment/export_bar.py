"""What can be done with the result that is shown: kept as a file, repeated, taken back."""

from __future__ import annotations

from qtpy.QtCore import Signal
from qtpy.QtWidgets import QGridLayout, QPushButton, QWidget

from napari_shaspec.segment.shortcuts import UNDO


class ExportBar(QWidget):
    """Four buttons, two beside each other."""

    saved = Signal()
    reported = Signal()
    copied = Signal()
    undone = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._report = _button(
            "report",
            "Report…",
            "Write one page on the case, HTML or PDF: slices, sizes from every subset here, where "
            "they come from; painted labels as they were painted",
        )
        save = _button(
            "save",
            "Save result…",
            "Save the result that is shown: where its input lies, with what was painted; or a "
            "table of the sizes from all subsets, or of classes",
        )
        copy = _button(
            "copy",
            "Copy as command",
            "Copy the command line that gives the result that is shown again",
        )
        undo = _button(
            "undo",
            "Undo",
            f"Go back to the result before the last run, painted as it was; again: forth ({UNDO})",
        )
        save.clicked.connect(self.saved)
        self._report.clicked.connect(self.reported)
        copy.clicked.connect(self.copied)
        undo.clicked.connect(self.undone)
        rows = QGridLayout(self)
        rows.setContentsMargins(0, 0, 0, 0)
        rows.setSpacing(4)
        for place, button in enumerate((save, self._report, copy, undo)):
            rows.addWidget(button, *divmod(place, 2))

    def set_busy(self, busy: bool) -> None:
        """A report is a job of its own: one at a time."""
        self._report.setEnabled(not busy)

    def offer_report(self, offered: bool) -> None:
        """Only of label maps."""
        self._report.setVisible(offered)


def _button(name: str, text: str, tooltip: str) -> QPushButton:
    button = QPushButton(text)
    button.setObjectName(f"shaspec_{name}")
    button.setToolTip(tooltip)
    return button
