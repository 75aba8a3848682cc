"""The table of a comparison: a row per region."""

from __future__ import annotations

from qtpy.QtCore import Qt, Signal
from qtpy.QtWidgets import QTableWidgetItem, QWidget

from napari_shaspec.compare.state import Comparison
from napari_shaspec.widgets.read_only_table import ReadOnlyTable
from shaspec.analysis.agreement import RULE


class AgreementTable(ReadOnlyTable):
    """Dice, HD95, both sizes and their change; a click chooses the region of the map."""

    chosen = Signal(str)
    """Name of a region."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("shaspec_agreement", parent, selectable=True, row_height=24)
        self.cellClicked.connect(self._on_clicked)
        self.show_comparison(None, "")

    def _on_clicked(self, row: int, _column: int) -> None:
        item = self.item(row, 0)
        if item is not None:
            self.chosen.emit(item.text())

    def show_comparison(self, comparison: Comparison | None, region: str) -> None:
        """Shows the rows; None: hides the table."""
        self.setVisible(comparison is not None)
        if comparison is None:
            return
        grid = comparison.first.place.grid
        unit, digits = grid.unit, 1 if grid.dims == 3 else 0
        heads = {
            "": "Region; click a row to show its difference on the canvas",
            "Dice": f"Overlap, 0 to 1. {RULE}",
            f"HD95 {'mm' if grid.dims == 3 else 'px'}": "95th percentile of the distance between "
            f"the surfaces. {RULE}",
            f"A {unit}": f"Size in A: {comparison.first.name}",
            f"B {unit}": f"Size in B: {comparison.second.name}",
            "B − A": f"Change in {unit} from A to B",
        }
        self.setColumnCount(len(heads))
        self.setRowCount(len(comparison.rows))
        for column, (text, tip) in enumerate(heads.items()):
            item = QTableWidgetItem(text)
            item.setToolTip(tip)
            self.setHorizontalHeaderItem(column, item)
        for number, row in enumerate(comparison.rows):
            texts = (
                row.region,
                f"{row.dice:.3f}",
                f"{row.hd95:.1f}",
                f"{row.first:.{digits}f}",
                f"{row.second:.{digits}f}",
                f"{row.change:+.{digits}f}",
            )
            for column, text in enumerate(texts):
                item = QTableWidgetItem(text)
                if column:
                    right = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
                    item.setTextAlignment(right)
                self.setItem(number, column, item)
            if row.region == region:
                self.selectRow(number)
        self.fit(len(comparison.rows))
