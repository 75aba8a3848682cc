"""Choice of the reference: a ground truth layer, or the result of all modalities."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from qtpy.QtCore import Signal
from qtpy.QtWidgets import QComboBox, QHBoxLayout, QLabel, QWidget

if TYPE_CHECKING:
    from napari.layers import Labels

ALL = "result of all modalities"


class TruthPicker(QWidget):
    """A combo box of label layers."""

    chosen = Signal(object)
    """The layer, or None."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._box = QComboBox()
        self._box.setObjectName("shaspec_truth")
        self._box.setToolTip("Reference for Dice and distances")
        self._box.setSizeAdjustPolicy(
            QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon
        )
        self._box.activated.connect(lambda k: self.chosen.emit(self._box.itemData(k)))
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(QLabel("Compare with"))
        row.addWidget(self._box, 1)

    def show_truths(self, truths: Sequence[Labels], truth: Labels | None) -> None:
        """Lists the layers and selects the one in use."""
        self._box.clear()
        self._box.addItem(ALL, None)
        for layer in truths:
            self._box.addItem(f"{layer.name} (layer)", layer)
        self._box.setCurrentIndex(1 + list(truths).index(truth) if truth in truths else 0)
