"""Ticks for the models of a sweep, and a button to add a model folder."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from qtpy.QtCore import QSignalBlocker, Signal
from qtpy.QtWidgets import (
    QCheckBox,
    QFileDialog,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from napari_shaspec.case.model_picker import card_tooltip
from napari_shaspec.jobs.state import Message
from napari_shaspec.widgets.message_box import MessageBox

if TYPE_CHECKING:
    from shaspec.models.card import Card, Seen

COLUMNS = 2
SEEN_BY = {
    "by content": "Seen in training by {}. The result says nothing about accuracy on new cases.",
    "by name": "Same name as a training case of {}. If it is the same case, the result "
    "says nothing about accuracy on new cases.",
}


class ModelTicks(QWidget):
    """One tick per model with its card as a tooltip, and a warning about training cases."""

    chosen = Signal(list)
    """Names or folders of the selected models."""
    opened = Signal(str)
    """A model folder that the user wants to add."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._boxes: dict[str, QCheckBox] = {}
        self._grid = QGridLayout()
        self._grid.setVerticalSpacing(3)
        button = QToolButton()
        button.setObjectName("shaspec_open_model")
        button.setText("Open…")
        button.setToolTip("Open a model folder: it contains card.json and model.safetensors")
        button.clicked.connect(self._on_open)
        self._seen = MessageBox()
        row = QHBoxLayout()
        row.addWidget(QLabel("Models"))
        row.addLayout(self._grid, 1)
        row.addWidget(button)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(4)
        layout.addLayout(row)
        layout.addWidget(self._seen)

    def show_models(
        self, models: Sequence[str], cards: Sequence[Card], chosen: Sequence[str]
    ) -> None:
        """Shows a tick per model and the selection."""
        for model, card in zip(models, cards, strict=False):
            if model not in self._boxes:
                box = QCheckBox(Path(model).name)
                box.setObjectName(f"shaspec_model_{Path(model).name}")
                classes = card.task.kind == "classification"
                why = "\nClassification model: has no regions to compare" if classes else ""
                box.setToolTip(f"{card.title}\n{card_tooltip(card)}{why}")
                box.setEnabled(not classes)
                box.toggled.connect(self._on_toggled)
                place = divmod(len(self._boxes), COLUMNS)
                self._grid.addWidget(box, *place)
                self._boxes[model] = box
        for model, box in self._boxes.items():
            with QSignalBlocker(box):
                box.setChecked(model in chosen)

    def show_seen(self, seen: Mapping[str, Seen]) -> None:
        """Warns about models that were trained on this case, or on a case of the same name."""
        texts = [
            text.format(", ".join(model for model, how in seen.items() if how == kind))
            for kind, text in SEEN_BY.items()
            if kind in seen.values()
        ]
        self._seen.show_message(Message("\n".join(texts), "warning"))

    def _on_toggled(self) -> None:
        self.chosen.emit([model for model, box in self._boxes.items() if box.isChecked()])

    def _on_open(self) -> None:
        folder = QFileDialog.getExistingDirectory(self, "Open a model folder")
        if folder:
            self.opened.emit(folder)
