"""The table of the change between two dates: a row per region."""

from __future__ import annotations

from qtpy.QtCore import Qt
from qtpy.QtWidgets import QTableWidgetItem, QWidget

from napari_shaspec.dates.state import Measured
from napari_shaspec.widgets.read_only_table import ReadOnlyTable


class ChangeTable(ReadOnlyTable):
    """Both sizes of each region and their change, as in the report."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("shaspec_change", parent, row_height=24)
        self.show_change(None)

    def show_change(self, measured: Measured | None) -> None:
        """Shows the rows; None: hides the table."""
        self.setVisible(measured is not None)
        if measured is None:
            return
        change = measured.change
        unit = change.unit
        heads = {
            unit: f"Sizes and changes of the regions in {unit}",
            "Earlier": f"Size in {change.earlier_case.name}",
            "Later": f"Size in {change.later_case.name}",
            "Change": f"Later minus earlier, in {unit}",
            "%": "Change in per cent of the earlier size; empty if the region was not there",
        }
        rows = measured.table[1:]
        self.setColumnCount(len(heads))
        self.setRowCount(len(rows))
        for column, (text, tip) in enumerate(heads.items()):
            head = QTableWidgetItem(text)
            head.setToolTip(tip)
            self.setHorizontalHeaderItem(column, head)
        right = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        for number, texts in enumerate(rows):
            for column, text in enumerate(texts):
                item = QTableWidgetItem(text)
                if column:
                    item.setTextAlignment(right)
                self.setItem(number, column, item)
        self.fit(len(rows))
