"""Size of each region, one row per subset that was segmented; a click shows that result."""

from __future__ import annotations

from collections.abc import Sequence

from qtpy.QtCore import QSignalBlocker, Qt, Signal
from qtpy.QtWidgets import (
    QAbstractItemView,
    QHeaderView,
    QLabel,
    QTableWidget,
    QTableWidgetItem,
    QWidget,
)

from napari_shaspec.keys import COMPARE
from shaspec.inference.prediction import NOT_FOUND, NOT_FOUND_NOTE, Prediction, size_text
from shaspec.task import Task

UNITS = {"mL": ("volume", "millilitres"), "px": ("area", "pixels")}


class VolumeTable(QTableWidget):
    """Rows: subsets; columns: regions, the smallest first (ET, TC, WT); cells: mL, or pixels."""

    chosen = Signal(str)
    """Subset name of the row that the user wants to see."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("shaspec_volumes")
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setWordWrap(False)
        self.setShowGrid(False)
        rows = self.verticalHeader()
        if rows is not None:
            rows.hide()
        self.cellClicked.connect(self._on_clicked)
        self.hide()

    def show_results(self, results: Sequence[Prediction], shown: str) -> None:
        """Shows the volumes of all results and marks the one that is on the canvas."""
        self.setVisible(bool(results))
        if not results:
            return
        task, unit = results[0].task, results[0].grid.unit
        what, long = UNITS[unit]
        titles = {region.name: region.title for region in task.regions}
        regions = [(name, titles[name]) for name in task.reported_regions]
        with QSignalBlocker(self):
            self.clear()
            self.setColumnCount(1 + len(regions))
            self.setRowCount(len(results))
            self.setHorizontalHeaderItem(0, QTableWidgetItem(f"{what}s in {unit}"))
            for column, (name, title) in enumerate(regions, 1):
                item = QTableWidgetItem(name)
                item.setToolTip(f"{title}, {what} in {long}")
                self.setHorizontalHeaderItem(column, item)
            for row, result in enumerate(results):
                self._fill(row, result, regions)
                if task.subset_name(result.subset) == shown:
                    self.selectRow(row)
        header = self.horizontalHeader()
        assert header is not None
        header.setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        header.setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        self._fit_height()

    def _fill(self, row: int, result: Prediction, regions: Sequence[tuple[str, str]]) -> None:
        subset = result.task.subset_name(result.subset)
        first = QTableWidgetItem(subset)
        first.setData(Qt.ItemDataRole.UserRole, subset)
        first.setToolTip(
            f"{subset}: click to show this result and hide the others; {COMPARE}: the one before"
        )
        self.setItem(row, 0, first)
        sizes, unit = result.region_sizes(), result.grid.unit
        short, exact = (1, 2) if unit == "mL" else (0, 0)
        for column, (name, title) in enumerate(regions, 1):
            item = QTableWidgetItem(size_text(sizes[name], short))
            item.setTextAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
            size = f"{sizes[name]:.{exact}f} {unit}" if sizes[name] else NOT_FOUND
            note = "" if sizes[name] else f". {NOT_FOUND_NOTE}"
            item.setToolTip(f"{title} from {subset}: {size}{note}")
            self.setItem(row, column, item)

    def _fit_height(self, most: int = 6) -> None:
        """As high as its rows, up to ``most`` of them; then it scrolls."""
        rows = [self.rowHeight(row) for row in range(min(self.rowCount(), most))]
        header = self.horizontalHeader()
        top = header.sizeHint().height() if header is not None else 0
        self.setFixedHeight(top + sum(rows) + 2 * self.frameWidth())

    def _on_clicked(self, row: int, _column: int) -> None:
        item = self.item(row, 0)
        if item is not None:
            self.chosen.emit(item.data(Qt.ItemDataRole.UserRole))


class Legend(QLabel):
    """The colours of the labels on the canvas."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("shaspec_legend")
        self.setTextFormat(Qt.TextFormat.RichText)
        self.hide()

    def show_task(self, task: Task | None) -> None:
        """A coloured square and a name per label; None: nothing is on the canvas."""
        self.setVisible(task is not None)
        if task is not None:
            self.setText(
                " &nbsp; ".join(
                    f'<span style="color:{la.colour}">■</span> {la.name}' for la in task.labels
                )
            )
            self.setToolTip("\n".join(f"{la.name}: {la.title}" for la in task.labels))
