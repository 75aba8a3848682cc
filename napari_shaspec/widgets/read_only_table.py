"""Base class of the tables of the panels: read-only, without grid and row numbers."""

from __future__ import annotations

from qtpy.QtWidgets import QAbstractItemView, QHeaderView, QTableWidget, QWidget


class ReadOnlyTable(QTableWidget):
    """A table that cannot be edited. If ``selectable``, one row can be selected."""

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

    def name_of(self, row: int) -> str:
        """The text in the first column of a row; empty without one."""
        item = self.item(row, 0)
        return item.text() if item is not None else ""

    def fit(self, most: int) -> None:
        """Fits the columns to their texts, the first one stretches; fits the height to at most
        ``most`` rows."""
        header = self.horizontalHeader()
        assert header is not None
        header.setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        header.setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        rows = [self.rowHeight(row) for row in range(min(self.rowCount(), most))]
        self.setFixedHeight(header.sizeHint().height() + sum(rows) + 2 * self.frameWidth())
