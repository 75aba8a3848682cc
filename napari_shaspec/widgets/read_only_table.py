"""What the tables of the panels have in common: nothing to edit, no grid, no row numbers."""

from __future__ import annotations

from qtpy.QtWidgets import QAbstractItemView, QHeaderView, QTableWidget, QWidget


class ReadOnlyTable(QTableWidget):
    """To be read; where it is ``selectable``, one row can be chosen."""

    def __init__(
        self,
        name: str,
        parent: QWidget | None = None,
        *,
        selectable: bool = False,
        row_height: int | None = None,
    ) -> None:
        super().__init__(parent)
        self.setObjectName(name)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        selection = QAbstractItemView.SelectionMode
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(selection.SingleSelection if selectable else selection.NoSelection)
        self.setWordWrap(False)
        self.setShowGrid(False)
        rows = self.verticalHeader()
        assert rows is not None
        rows.hide()
        if row_height is not None:
            rows.setDefaultSectionSize(row_height)

    def fit(self, most: int) -> None:
        """As wide as its texts, the first column takes the rest; as high as its rows, up to
        ``most`` of them: then it scrolls."""
        header = self.horizontalHeader()
        assert header is not None
        header.setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        header.setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        rows = [self.rowHeight(row) for row in range(min(self.rowCount(), most))]
        self.setFixedHeight(header.sizeHint().height() + sum(rows) + 2 * self.frameWidth())
