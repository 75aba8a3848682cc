"""What can be taken along from the result that is shown: a file, or the command that repeats it."""

from __future__ import annotations

from qtpy.QtCore import Signal
from qtpy.QtWidgets import QHBoxLayout, QPushButton, QWidget


class ExportBar(QWidget):
    """Two buttons beside each other."""

    saved = Signal()
    copied = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        save, copy = QPushButton("Save result…"), QPushButton("Copy as command")
        save.setObjectName("shaspec_save")
        save.setToolTip(
            "Save the result that is shown: where its input lies, with what was painted, or as a "
            "table of classes"
        )
        save.clicked.connect(self.saved)
        copy.setObjectName("shaspec_copy")
        copy.setToolTip("Copy the command line that gives the result that is shown again")
        copy.clicked.connect(self.copied)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(4)
        row.addWidget(save, 1)
        row.addWidget(copy, 1)
