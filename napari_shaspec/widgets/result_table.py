"""What the tables of results have in common: quiet, as high as their rows, a click chooses."""

from __future__ import annotations

from qtpy.QtCore import Qt, Signal
from qtpy.QtWidgets import QAbstractItemView, QHeaderView, QTableWidget, QTableWidgetItem, QWidget


class ResultTable(QTableWidget):
    """Hidden until there is a result."""

    chosen = Signal(str)
    """Subset name of the result that the user wants to see."""

    def __init__(self, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName(name)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setWordWrap(False)
        self.setShowGrid(False)
        rows = self.verticalHeader()
        if rows is not None:
            rows.hide()
        self.hide()

    def fit(self, most: int) -> None:
        """As wide as its texts, the first column takes the rest; as high as its rows, up to
        ``most`` of them: then it scrolls."""
        header = self.horizontalHeader()
        assert header is not None
        header.setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        header.setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        rows = [self.rowHeight(row) for row in range(min(self.rowCount(), most))]
        self.setFixedHeight(header.sizeHint().height() + sum(rows) + 2 * self.frameWidth())


def number_item(text: str, tooltip: str) -> QTableWidgetItem:
    """A cell for a number."""
    item = QTableWidgetItem(text)
    item.setTextAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
    item.setToolTip(tooltip)
    return item
