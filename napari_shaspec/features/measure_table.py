"""How well shared and specific features are separated: measures, two controls, a conclusion."""

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
    "value": "This model on this case",
    "untrained": "The same network with random weights",
    "shuffled": "The same features, with modalities randomly permuted per voxel",
}


class MeasureTable(QWidget):
    """A button, and the table of measures once they are computed."""

    wanted = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._button = QPushButton("Measure")
        self._button.setObjectName("shaspec_measure")
        self._button.setToolTip(
            "Measure how well shared and specific features are separated, compared with an "
            "untrained network and shuffled modalities. Needs a second run over the case"
        )
        self._button.clicked.connect(self.wanted)
        self._table = ReadOnlyTable("shaspec_measures", wraps=True)
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
        """Enables the button if there are features to measure and no job runs."""
        self._button.setEnabled(ready)

    def show_measures(self, measures: Measures | None) -> None:
        """Shows the measures; None: hides the table."""
        self._table.setVisible(measures is not None)
        self._sentence.setVisible(measures is not None)
        if measures is None:
            return
        self._sentence.setText(measures.sentence)
        self._table.setColumnCount(len(COLUMNS))
        self._table.setRowCount(len(measures.rows))
        for column, (text, tip) in enumerate(COLUMNS.items()):
            item = QTableWidgetItem(text)
            item.setToolTip(tip)
            self._table.setHorizontalHeaderItem(column, item)
        for row, measure in enumerate(measures.rows):
            name = QTableWidgetItem(measure.name)
            name.setToolTip(measure.meaning)
            self._table.setItem(row, 0, name)
            numbers = (measure.value, measure.untrained, measure.shuffled)
            for column, number in enumerate(numbers, 1):
                item = QTableWidgetItem(f"{number:.2f}")
                item.setTextAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
                item.setToolTip(measure.meaning)
                self._table.setItem(row, column, item)
        self._table.fit(len(measures.rows))
