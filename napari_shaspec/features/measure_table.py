"""How far shared and specific features come apart: numbers, two controls, a sentence."""

from __future__ import annotations

from qtpy.QtCore import Qt, Signal
from qtpy.QtWidgets import (
    QLabel,
    QPushButton,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)

from napari_shaspec.widgets.read_only_table import ReadOnlyTable
from shaspec.analysis.features.measure import Measures

COLUMNS = {
    "": "",
    "value": "Of this model on this case",
    "untrained": "Of a network of the same configuration with fresh weights",
    "shuffled": "The same features, with the modalities of every voxel dealt out at random",
}


class MeasureTable(QWidget):
    """A button, and then the numbers."""

    wanted = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._button = QPushButton("Measure")
        self._button.setObjectName("shaspec_measure")
        self._button.setToolTip(
            "How well shared and specific features are told apart, beside an untrained network "
            "and shuffled modalities; takes another run over the case"
        )
        self._button.clicked.connect(self.wanted)
        self._table = ReadOnlyTable("shaspec_measures")
        self._table.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._sentence = QLabel()
        self._sentence.setObjectName("shaspec_sentence")
        self._sentence.setWordWrap(True)
        self._sentence.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        for widget in (self._button, self._table, self._sentence):
            layout.addWidget(widget)
        self.show_measures(None)

    def set_ready(self, ready: bool) -> None:
        """Whether there are features to measure, and no job runs."""
        self._button.setEnabled(ready)

    def show_measures(self, found: Measures | None) -> None:
        """The numbers; None: there are none yet."""
        self._table.setVisible(found is not None)
        self._sentence.setVisible(found is not None)
        if found is None:
            return
        self._sentence.setText(found.sentence)
        self._table.setColumnCount(len(COLUMNS))
        self._table.setRowCount(len(found.rows))
        for column, (text, tip) in enumerate(COLUMNS.items()):
            item = QTableWidgetItem(text)
            item.setToolTip(tip)
            self._table.setHorizontalHeaderItem(column, item)
        for row, measure in enumerate(found.rows):
            name = QTableWidgetItem(measure.name)
            name.setToolTip(measure.meaning)
            self._table.setItem(row, 0, name)
            numbers = (measure.value, measure.untrained, measure.shuffled)
            for column, number in enumerate(numbers, 1):
                item = QTableWidgetItem(f"{number:.2f}")
                item.setTextAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
                item.setToolTip(measure.meaning)
                self._table.setItem(row, column, item)
        self._table.resizeRowsToContents()
        self._table.fit(len(found.rows))
