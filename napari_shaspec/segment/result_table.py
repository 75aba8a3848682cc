"""Tables of results: hidden until there is one, and a click chooses what is shown."""

from __future__ import annotations

from qtpy.QtCore import Qt, Signal
from qtpy.QtWidgets import QTableWidgetItem, QWidget

from napari_shaspec.widgets.read_only_table import ReadOnlyTable


class ResultTable(ReadOnlyTable):
    """Hidden until there is a result."""

    chosen = Signal(str)
    """Subset name of the result that the user wants to see."""

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
