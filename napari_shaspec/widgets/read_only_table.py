"""Base class of the tables of the panels: read-only, without grid and row numbers."""

from __future__ import annotations

from qtpy.QtCore import Qt
from qtpy.QtGui import QResizeEvent
from qtpy.QtWidgets import QAbstractItemView, QHeaderView, QTableWidget, QWidget

from napari_shaspec.widgets.large_type import FontWatch

NEVER = Qt.ScrollBarPolicy.ScrollBarAlwaysOff
AIR = 4  # pixels above and below a text together


class ReadOnlyTable(QTableWidget):
    """A table that cannot be edited.

    Args:
        name: object name.
        parent: its widget.
        selectable: whether one row can be selected.
        wraps: whether long texts of the first column take several lines.
        row_height: in pixels; default: that of the style.
    """

    def __init__(
        self,
        name: str,
        parent: QWidget | None = None,
        *,
        selectable: bool = False,
        wraps: bool = False,
        row_height: int | None = None,
    ) -> None:
        super().__init__(parent)
        self.setObjectName(name)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        selection = QAbstractItemView.SelectionMode
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(selection.SingleSelection if selectable else selection.NoSelection)
        self.setWordWrap(wraps)
        self.setShowGrid(False)
        rows = self.verticalHeader()
        assert rows is not None
        rows.hide()
        self._rows, self._usual = rows, row_height or rows.defaultSectionSize()
        self._most = 0  # visible rows; 0: `fit` was not called
        FontWatch(self, self._fit_font)
        self._below = self.horizontalScrollBar()
        assert self._below is not None
        self._below.rangeChanged.connect(self._fit_height)

    def name_of(self, row: int) -> str:
        """The text in the first column of a row; empty without one."""
        item = self.item(row, 0)
        return item.text() if item is not None else ""

    def fit(self, most: int) -> None:
        """Fits the columns to their texts, the first one stretches; fits the height to at most
        ``most`` rows."""
        self._most = most
        header = self.horizontalHeader()
        assert header is not None
        header.setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        self._fit_first()
        self._fit_height()

    def resizeEvent(self, event: QResizeEvent | None) -> None:
        """The first column may have more or less room."""
        super().resizeEvent(event)
        self._fit_first()
        if self.wordWrap():
            self._fit_height()

    def _fit_first(self) -> None:
        """The first column stretches; where its texts would be cut off, the table scrolls."""
        header, view = self.horizontalHeader(), self.viewport()
        if not self._most or header is None or view is None:
            return
        hints = [
            max(self.sizeHintForColumn(k), header.sectionSizeHint(k))
            for k in range(self.columnCount())
        ]
        scrolls = self.horizontalScrollBarPolicy() != NEVER and sum(hints) > view.width()
        modes = QHeaderView.ResizeMode
        mode = modes.ResizeToContents if scrolls else modes.Stretch
        if hints and header.sectionResizeMode(0) != mode:
            header.setSectionResizeMode(0, mode)

    def _fit_height(self) -> None:
        header, below = self.horizontalHeader(), self._below
        if not self._most or header is None or below is None:
            return
        if self.wordWrap():
            self.resizeRowsToContents()
        rows = [self.rowHeight(row) for row in range(min(self.rowCount(), self._most))]
        high = header.sizeHint().height() + sum(rows) + 2 * self.frameWidth()
        if below.maximum() and self.horizontalScrollBarPolicy() != NEVER:  # it covers no row
            high += below.sizeHint().height()
        self.setFixedHeight(high)

    def _fit_font(self) -> None:
        """Rows as high as the texts."""
        self._rows.setDefaultSectionSize(max(self._usual, self.fontMetrics().height() + AIR))
        if self._most:
            self.fit(self._most)
