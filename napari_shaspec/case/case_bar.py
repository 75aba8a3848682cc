"""Which case is in the table: a picker of the open ones, and buttons to open and close one."""

from __future__ import annotations

from collections.abc import Sequence

from qtpy.QtCore import Signal
from qtpy.QtWidgets import (
    QComboBox,
    QFileDialog,
    QHBoxLayout,
    QLabel,
    QSizePolicy,
    QToolButton,
    QWidget,
)

from napari_shaspec.widgets.controls import narrow

NONE = "none yet"


class CaseBar(QWidget):
    """The open cases; the user switches between them, opens another or closes the current one."""

    opened = Signal(list)
    """Paths that the user wants to open as a case."""
    chosen = Signal(str)
    """Name of the open case that the user wants to see."""
    closed = Signal(str)
    """Name of the case whose layers the user wants to remove."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._cases = QComboBox()
        self._cases.setObjectName("shaspec_case")
        self._cases.setToolTip("The case whose layers are in the table; choose another open case")
        narrow(self._cases)
        self._cases.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self._cases.activated.connect(lambda row: self.chosen.emit(self._cases.itemText(row)))
        self._close = _button("close_case", "✕", "Close this case: remove its layers from napari")
        self._close.clicked.connect(lambda: self.closed.emit(self._cases.currentText()))
        tip = "Open the folder of a case: one file per modality; some may be missing"
        opening = _button("open_case", "Open…", tip)
        opening.clicked.connect(self._on_open)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(QLabel("Case"))
        row.addWidget(self._cases, 1)
        row.addWidget(self._close)
        row.addWidget(opening)

    def show_cases(self, cases: Sequence[str], current: str) -> None:
        """Lists the open cases and marks the one in the table."""
        names = [*cases] if current in cases or not current else [*cases, current]
        self._cases.clear()
        self._cases.addItems(names or [NONE])
        self._cases.setCurrentIndex(names.index(current) if current in names else -1)
        if not names:
            self._cases.setCurrentIndex(0)
        self._cases.setEnabled(bool(names))
        self._close.setEnabled(current in cases)

    def set_busy(self, busy: bool) -> None:
        """While a job runs, its case stays."""
        self._cases.setEnabled(not busy and self._cases.currentText() != NONE)
        self._close.setEnabled(not busy and self._cases.currentText() != NONE)

    def _on_open(self) -> None:
        folder = QFileDialog.getExistingDirectory(self, "Open the folder of a case")
        if folder:
            self.opened.emit([folder])


def _button(name: str, text: str, tooltip: str) -> QToolButton:
    button = QToolButton()
    button.setObjectName(f"shaspec_{name}")
    button.setText(text)
    button.setToolTip(tooltip)
    return button
