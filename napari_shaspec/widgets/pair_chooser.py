"""Two lists to choose one thing each from, and a button that exchanges them."""

from __future__ import annotations

from collections.abc import Sequence

from qtpy.QtCore import QSignalBlocker, Signal
from qtpy.QtWidgets import QComboBox, QGridLayout, QLabel, QWidget

from napari_shaspec.widgets.controls import fix_width, narrow, push_button
from napari_shaspec.widgets.elided_combo import ElidedComboBox

EXCHANGE = 26  # pixels, width of the button


class PairChooser(QWidget):
    """Two combo boxes, one below the other.

    Args:
        first: object name (``shaspec_<name>``), label and tooltip of the first list.
        second: those of the second list.
        swap: object name and tooltip of the button that exchanges both.
    """

    chosen = Signal()
    """The user chose from one of the lists."""

    def __init__(
        self, first: tuple[str, str, str], second: tuple[str, str, str], swap: tuple[str, str]
    ) -> None:
        super().__init__()
        self.first, self.second = (_list(name, tooltip) for name, _, tooltip in (first, second))
        self.swap = push_button(swap[0], "⇅", swap[1])
        fix_width(self.swap, EXCHANGE)
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        for row, (label, box) in enumerate(((first[1], self.first), (second[1], self.second))):
            grid.addWidget(QLabel(label), row, 0)
            grid.addWidget(box, row, 1)
            box.activated.connect(lambda _: self.chosen.emit())
        grid.addWidget(self.swap, 0, 2, 2, 1)
        grid.setColumnStretch(1, 1)

    @property
    def boxes(self) -> tuple[QComboBox, QComboBox]:
        """Both lists."""
        return self.first, self.second

    def show_items(self, names: Sequence[str], first: int, second: int) -> None:
        """Fills both lists with ``names`` and shows the items at two places; -1: none."""
        for box, index in zip(self.boxes, (first, second), strict=True):
            with QSignalBlocker(box):
                box.clear()
                box.addItems(list(names))
                box.setCurrentIndex(index)
            shown = [box.accessibleName(), box.currentText()]
            box.setToolTip(": ".join(text for text in shown if text))
            view = box.view()
            assert view is not None
            view.setMinimumWidth(view.sizeHintForColumn(0) + 24)  # no name is cut off


def _list(name: str, tooltip: str) -> ElidedComboBox:
    box = ElidedComboBox()
    box.setObjectName(f"shaspec_{name}")
    box.setAccessibleName(tooltip)
    box.setToolTip(tooltip)
    narrow(box)
    return box
