"""Base of the result tables: hidden while empty; a click selects the shown result."""

from __future__ import annotations

from qtpy.QtCore import Qt, Signal
from qtpy.QtWidgets import QTableWidgetItem, QWidget

from napari_shaspec.widgets.read_only_table import ReadOnlyTable


class ResultTable(ReadOnlyTable):
    """A table that is hidden while it is empty."""

    chosen = Signal(str)
    """Subset name of the result that the user selected."""

    def __init__(
        self, name: str, parent: QWidget | None = None, *, selectable: bool = False
    ) -> None:
        super().__init__(name, parent, selectable=selectable)
        self.hide()


def number_item(text: str, tooltip: str) -> QTableWidgetItem:
    """A cell for a number."""
    item = QTableWidgetItem(text)
    item.setTextAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
    item.setToolTip(tooltip)
    return item
