"""Table of region sizes, one row per segmented subset; click a row to show its result."""

from __future__ import annotations

from collections.abc import Sequence

from qtpy.QtCore import QSignalBlocker, Qt
from qtpy.QtWidgets import QLabel, QTableWidgetItem, QWidget

from napari_shaspec.segment.result_table import ResultTable, number_item
from napari_shaspec.segment.shortcuts import COMPARE
from shaspec.prediction import NOT_FOUND, NOT_FOUND_NOTE, Prediction, size_text
from shaspec.task import Task

ROWS = 6  # visible rows; scroll for the others
UNITS = {"mL": ("volume", "millilitres"), "px": ("area", "pixels")}


class VolumeTable(ResultTable):
    """Rows: subsets; columns: regions, the smallest first (ET, TC, WT); cells: mL, or pixels."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("shaspec_volumes", parent, selectable=True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setTextElideMode(Qt.TextElideMode.ElideMiddle)  # thresholds and edits are at the end
        self.cellClicked.connect(self._on_clicked)

    def show_results(self, results: Sequence[Prediction], shown: str) -> None:
        """Shows the volumes of all results and highlights the shown one."""
        self.setVisible(bool(results))
        if not results:
            return
        task, unit = results[0].task, results[0].grid.unit
        unit_text, long = UNITS[unit]
        titles = {region.name: region.title for region in task.regions}
        regions = [(name, titles[name]) for name in task.reported_regions]
        with QSignalBlocker(self):
            self.clear()
            self.setColumnCount(1 + len(regions))
            self.setRowCount(len(results))
            self.setHorizontalHeaderItem(0, QTableWidgetItem(f"{unit_text}s in {unit}"))
            for column, (name, title) in enumerate(regions, 1):
                item = QTableWidgetItem(name)
                item.setToolTip(f"{title}, {unit_text} in {long}")
                self.setHorizontalHeaderItem(column, item)
            for row, result in enumerate(results):
                self._fill(row, result, regions)
                if task.subset_name(result.subset) == shown:
                    self.selectRow(row)
        self.fit(ROWS)

    def _fill(self, row: int, result: Prediction, regions: Sequence[tuple[str, str]]) -> None:
        subset = result.task.subset_name(result.subset)
        first = QTableWidgetItem(result.title)
        first.setData(Qt.ItemDataRole.UserRole, subset)
        first.setToolTip(
            f"{result.title}: click to show this result and hide the others; "
            f"{COMPARE}: previous result"
        )
        self.setItem(row, 0, first)
        sizes, unit = result.region_sizes(), result.grid.unit
        short, exact = (1, 2) if unit == "mL" else (0, 0)
        for column, (name, title) in enumerate(regions, 1):
            size = f"{sizes[name]:.{exact}f} {unit}" if sizes[name] else NOT_FOUND
            note = "" if sizes[name] else f". {NOT_FOUND_NOTE}"
            tooltip = f"{title} from {subset}: {size}{note}"
            self.setItem(row, column, number_item(size_text(sizes[name], short), tooltip))

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
        """A coloured square and a name per label; None: no result is shown."""
        self.setVisible(task is not None)
        if task is not None:
            self.setText(
                " &nbsp; ".join(
                    f'<span style="color:{la.colour}">■</span> {la.name}' for la in task.labels
                )
            )
            self.setToolTip("\n".join(f"{la.name}: {la.title}" for la in task.labels))
