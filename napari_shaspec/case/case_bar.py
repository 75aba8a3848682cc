"""Which case is in the table, and a way to another one."""

from __future__ import annotations

from qtpy.QtCore import Signal
from qtpy.QtWidgets import QFileDialog, QHBoxLayout, QLabel, QToolButton, QWidget

from napari_shaspec.widgets.message_box import breakable


class CaseBar(QWidget):
    """The name of the case and a button that opens a folder."""

    opened = Signal(list)
    """Paths that the user wants to be opened as a case."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._name = QLabel()
        self._name.setObjectName("shaspec_case")
        self._name.setWordWrap(True)
        self._name.setToolTip("The case whose layers are in the table")
        button = QToolButton()
        button.setObjectName("shaspec_open_case")
        button.setText("Open…")
        button.setToolTip("Open the folder of a case: one file per modality, some may miss")
        button.clicked.connect(self._on_open)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(QLabel("Case"))
        row.addWidget(self._name, 1)
        row.addWidget(button)

    def show_case(self, name: str) -> None:
        """The name, or that there is none yet."""
        self._name.setText(f"<b>{breakable(name)}</b>" if name else "none yet")

    def _on_open(self) -> None:
        folder = QFileDialog.getExistingDirectory(self, "Open the folder of a case")
        if folder:
            self.opened.emit([folder])
