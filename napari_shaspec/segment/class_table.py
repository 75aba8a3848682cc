"""Table of class probabilities, one column per subset; click a column to sort by it."""

from __future__ import annotations

from collections.abc import Sequence

from qtpy.QtCore import QSignalBlocker
from qtpy.QtWidgets import QTableWidgetItem, QWidget

from napari_shaspec.segment.result_table import ResultTable, number_item
from napari_shaspec.segment.shortcuts import COMPARE
from shaspec.prediction import Classification

ROWS = 5  # visible classes; scroll for the others


class ClassTable(ResultTable):
    """Rows: classes, most probable in the shown result first; columns: subsets; cells: per cent."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("shaspec_classes", parent)
        self._subsets: list[str] = []
        self.cellClicked.connect(self._on_clicked)
        header = self.horizontalHeader()
        if header is not None:
            header.sectionClicked.connect(lambda column: self._on_clicked(0, column))

    def show_results(self, results: Sequence[Classification], shown: str) -> None:
        """Shows the probabilities of all results, sorted by the result ``shown``."""
        self.setVisible(bool(results))
        if not results:
            return
        task = results[0].task
        named = {task.subset_name(result.subset): result for result in results}
        probabilities = {name: dict(result.ranked) for name, result in named.items()}
        order = list(probabilities.get(shown) or next(iter(probabilities.values())))
        self._subsets = list(named)
        with QSignalBlocker(self):
            self.clear()
            self.setColumnCount(1 + len(named))
            self.setRowCount(len(order))
            self.setHorizontalHeaderItem(0, QTableWidgetItem("classes in %"))
            for column, name in enumerate(named, 1):
                head = QTableWidgetItem(name)
                head.setToolTip(f"{name}: click to sort by this result; {COMPARE}: previous result")
                self.setHorizontalHeaderItem(column, head)
            for row, label in enumerate(order):
                self.setItem(row, 0, QTableWidgetItem(label.title))
                for column, name in enumerate(named, 1):
                    percent = 100 * probabilities[name][label]
                    text = f"{label.title} from {name}: {percent:.3f} %"
                    item = number_item(f"{percent:.1f}", text)
                    font = self.font()
                    font.setBold(name == shown)
                    item.setFont(font)
                    self.setItem(row, column, item)
        self.fit(ROWS)

    def _on_clicked(self, _row: int, column: int) -> None:
        if column:
            self.chosen.emit(self._subsets[column - 1])
