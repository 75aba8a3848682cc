"""The table of the cases of a folder."""

from __future__ import annotations

from collections.abc import Sequence

from qtpy.QtCore import Qt, Signal
from qtpy.QtWidgets import QHeaderView, QTableWidgetItem, QWidget

from napari_shaspec.cohort.state import Row
from napari_shaspec.widgets.read_only_table import ReadOnlyTable
from shaspec.prediction import size_text

STATUS = {"waiting": "", "running": "running…", "done": "done", "failed": "failed"}


class CohortTable(ReadOnlyTable):
    """A row per case: what was found, status, sizes of the regions, mark."""

    chosen = Signal(str)
    """Name of the case that was clicked."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("shaspec_cohort", parent, selectable=True, row_height=22)
        self.setToolTip("Click a case to open it with its result")
        self.cellClicked.connect(self._on_clicked)
        self._shown: tuple[Sequence[Row], Sequence[str]] = ((), ())

    def _on_clicked(self, row: int, _column: int) -> None:
        item = self.item(row, 0)
        if item is not None:
            self.chosen.emit(item.text())

    def show_rows(self, rows: Sequence[Row], regions: Sequence[str], chosen: str) -> None:
        """Shows the cases; only rows that changed are written again."""
        before, heads = self._shown
        if tuple(heads) != tuple(regions) or len(before) != len(rows):
            before = ()
            self._set_up(len(rows), regions)
        for number, row in enumerate(rows):
            if number >= len(before) or before[number] != row:
                self._write(number, row, regions)
            if row.name == chosen and self.currentRow() != number:
                self.selectRow(number)
        self._shown = (tuple(rows), tuple(regions))

    def _set_up(self, count: int, regions: Sequence[str]) -> None:
        heads = ["case", "modalities", "status", *regions, "mark", "notes"]
        self.setColumnCount(len(heads))
        self.setRowCount(count)
        self.setHorizontalHeaderLabels(heads)
        header = self.horizontalHeader()
        assert header is not None
        header.setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        header.setSectionResizeMode(len(heads) - 1, QHeaderView.ResizeMode.Stretch)

    def _write(self, number: int, row: Row, regions: Sequence[str]) -> None:
        record = row.record
        digits = 0 if record is not None and record.unit == "px" else 1
        sizes = {} if record is None else record.sizes
        texts = [row.name, "+".join(row.files.volumes), STATUS[row.status]]
        texts += [size_text(sizes[name], digits) if name in sizes else "" for name in regions]
        texts += [row.mark, row.said.replace("\n", "; ")]
        for column, text in enumerate(texts):
            item = QTableWidgetItem(text)
            item.setToolTip(text)
            if 3 <= column < 3 + len(regions):
                item.setTextAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
            self.setItem(number, column, item)
