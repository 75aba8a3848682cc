"""Buttons for maps that compare subsets, and the legend of the last map."""

from __future__ import annotations

from collections.abc import Sequence

from qtpy.QtCore import Qt, Signal
from qtpy.QtWidgets import QComboBox, QHBoxLayout, QLabel, QVBoxLayout, QWidget

from napari_shaspec.layers.maps import LegendEntry
from napari_shaspec.robustness.state import Shown
from napari_shaspec.widgets.controls import push_button
from napari_shaspec.widgets.large_type import follow_growth
from shaspec.analysis.subset_table import TRUTH, SubsetTable

FIT = QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon


class MapBar(QWidget):
    """Emits which map of which region the user requests."""

    disagreement = Signal(str)
    smallest = Signal(str)
    difference = Signal(str, object)
    """Region, and the `Shown` row to compare the selected row with (None: the ground truth)."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._region, self._other = QComboBox(), QComboBox()
        self._region.setObjectName("shaspec_region")
        self._region.setToolTip("Region of the maps")
        follow_growth(self._region, lambda factor: self._region.setMaximumWidth(round(factor * 72)))
        self._other.setObjectName("shaspec_other")
        self._other.setSizeAdjustPolicy(FIT)
        self._other.setToolTip("Row or ground truth to compare the selected row with")
        agree = push_button(
            "disagreement", "Disagreement", "Where the subsets disagree: entropy in bits"
        )
        small = push_button(
            "smallest", "Smallest subset", "The smallest subset that finds each voxel"
        )
        differ = push_button(
            "difference",
            "Difference",
            "Voxels found by the selected row only, by the other only, and by both",
        )
        agree.clicked.connect(lambda: self.disagreement.emit(self._region.currentText()))
        small.clicked.connect(lambda: self.smallest.emit(self._region.currentText()))
        differ.clicked.connect(
            lambda: self.difference.emit(self._region.currentText(), self._other.currentData())
        )
        self._legend = QLabel()
        self._legend.setObjectName("shaspec_map_legend")
        self._legend.setTextFormat(Qt.TextFormat.RichText)
        self._legend.setWordWrap(True)
        choices, buttons = QHBoxLayout(), QHBoxLayout()
        choices.addWidget(QLabel("Maps of"))
        choices.addWidget(self._region)
        choices.addWidget(QLabel("against"))
        choices.addWidget(self._other, 1)
        for button in (agree, small, differ):
            buttons.addWidget(button)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(4)
        layout.addLayout(choices)
        layout.addLayout(buttons)
        layout.addWidget(self._legend)

    def show_tables(self, tables: Sequence[SubsetTable]) -> None:
        """Lists the regions, the largest first, and the rows; keeps the selection."""
        if not tables:
            return
        regions = [*reversed(tables[0].regions)]
        others: list[tuple[str, Shown | None]] = []
        if tables[0].reference == TRUTH:
            others.append((TRUTH, None))
        for table in tables:
            model = f" · {table.model}" if len(tables) > 1 else ""
            others += [(f"{r.name}{model}", Shown(table.model, r.subset)) for r in table.rows]
        _refill(self._region, [(region, region) for region in regions])
        _refill(self._other, others)

    def choose_region(self, region: str) -> None:
        """Selects the region of the maps."""
        self._region.setCurrentText(region)

    def show_legend(self, legend: Sequence[LegendEntry]) -> None:
        """Shows the colours of the map with their meanings."""
        parts = [f'<span style="color:{k.colour}">■</span> {k.text}' for k in legend]
        self._legend.setText(" &nbsp; ".join(parts))
        self._legend.setVisible(bool(legend))


def _refill(box: QComboBox, items: Sequence[tuple[str, object]]) -> None:
    if [box.itemText(k) for k in range(box.count())] == [text for text, _ in items]:
        return
    before = box.currentText()
    box.clear()
    for text, data in items:
        box.addItem(text, data)
    box.setCurrentIndex(max(0, box.findText(before)))
