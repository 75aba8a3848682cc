"""Table of all rows of a sweep. Click a header to sort, a row to show its result."""

from __future__ import annotations

import math
from collections.abc import Sequence

from qtpy.QtCore import QSignalBlocker, Qt, Signal
from qtpy.QtWidgets import (
    QHeaderView,
    QTableWidgetItem,
    QWidget,
)

from napari_shaspec.robustness.state import Shown
from napari_shaspec.widgets.read_only_table import ReadOnlyTable
from shaspec.analysis.subset_table import Measure, SubsetTable, subsets_of
from shaspec.prediction import NOT_FOUND_NOTE


class SortedItem(QTableWidgetItem):
    """A cell that sorts by a number and shows a text."""

    def __init__(self, text: str, number: float) -> None:
        super().__init__(text)
        self._number = number

    def __lt__(self, other: object) -> bool:
        return isinstance(other, SortedItem) and self._number < other._number


class SubsetView(ReadOnlyTable):
    """Columns: subset, model (if there are several), and the measure for each region."""

    chosen = Signal(object)
    """The `Shown` row that the user wants to see."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("shaspec_subsets", parent, selectable=True, row_height=20)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        header = self.horizontalHeader()
        assert header is not None
        header.setSortIndicatorClearable(True)
        self._header = header
        self._shown: Shown | None = None
        self.itemSelectionChanged.connect(self._on_selected)

    def show_tables(self, tables: Sequence[SubsetTable], measure: Measure) -> None:
        """Fills the table and keeps the sort order."""
        heads = ["subset", *(["model"] if len(tables) > 1 else [])]
        regions = list(tables[0].regions) if tables else []
        with QSignalBlocker(self):
            self.setSortingEnabled(False)
            self.setColumnCount(len(heads) + len(regions))
            self.setHorizontalHeaderLabels([*heads, *regions])
            self.setRowCount(sum(len(table.rows) for table in tables))
            line = 0
            for place, table in enumerate(tables):
                order = subsets_of(table.modalities)
                for row in table.rows:
                    shown_row = Shown(table.model, row.subset)
                    first = SortedItem(row.name, order.index(row.subset) + place / 1000)
                    first.setData(Qt.ItemDataRole.UserRole, shown_row)
                    first.setToolTip(f"{row.name}: click to show this result")
                    cells = [first]
                    if len(tables) > 1:
                        cells.append(SortedItem(table.model, place * len(order) + line))
                    for region in regions:
                        value = row.values[measure.name][region]
                        # Values that cannot be measured sort as the largest.
                        number = value if math.isfinite(value) else math.inf
                        cell = SortedItem(measure.words(value), number)
                        cell.setTextAlignment(
                            Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
                        )
                        note = "" if value or measure.best != "neither" else f". {NOT_FOUND_NOTE}"
                        number_text = measure.words(value) if note else f"{value:.4g}"
                        text = f"{measure.title} of {region} from {row.name}: {number_text}{note}"
                        cell.setToolTip(text)
                        cells.append(cell)
                    for column, cell in enumerate(cells):
                        self.setItem(line, column, cell)
                    line += 1
            if self._header.sortIndicatorSection() >= self.columnCount():
                self._header.setSortIndicator(-1, Qt.SortOrder.AscendingOrder)
            self.setSortingEnabled(True)
        self._header.setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        if self.columnCount():
            self._header.setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)

    def show_row(self, shown: Shown | None) -> None:
        """Selects the row shown on the canvas."""
        self._shown = shown
        with QSignalBlocker(self):
            self.clearSelection()
            for line in range(self.rowCount()):
                if shown is not None and self._row_at(line) == shown:
                    self.selectRow(line)

    def leave_out(self, modalities: Sequence[str]) -> None:
        """Hides the subsets with any of these modalities."""
        for line in range(self.rowCount()):
            self.setRowHidden(line, bool({*modalities} & {*self._row_at(line).subset}))

    def _row_at(self, line: int) -> Shown:
        item = self.item(line, 0)
        assert item is not None
        shown = item.data(Qt.ItemDataRole.UserRole)
        assert isinstance(shown, Shown)
        return shown

    def _on_selected(self) -> None:
        lines = {item.row() for item in self.selectedItems()}
        if lines and self._row_at(min(lines)) != self._shown:
            self.chosen.emit(self._row_at(min(lines)))
