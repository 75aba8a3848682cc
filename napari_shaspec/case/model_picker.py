"""The model picker: a bundled model or a folder, with a line from its card."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from qtpy.QtCore import Qt, Signal
from qtpy.QtWidgets import (
    QComboBox,
    QFileDialog,
    QHBoxLayout,
    QLabel,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from napari_shaspec.jobs.state import Message
from napari_shaspec.widgets.message_box import MessageBox

if TYPE_CHECKING:
    from shaspec.models.card import Card, Seen

SEEN = {
    "by content": "Seen in training: this case was in the training set of the model. The result "
    "says nothing about accuracy on new cases.",
    "by name": "Same name as a training case. If it is the same case, the result says nothing "
    "about accuracy on new cases.",
}


class ModelPicker(QWidget):
    """A combo box of models, a button for other model folders, and a line from the card."""

    chosen = Signal(str)
    """Name or folder of the model that the user wants."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._models = QComboBox()
        self._models.setObjectName("shaspec_models")
        self._models.setToolTip("The network that segments")
        self._models.setSizeAdjustPolicy(
            QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon
        )
        self._models.activated.connect(self._on_activated)
        self._open = QToolButton()
        self._open.setObjectName("shaspec_open_model")
        self._open.setText("Open…")
        self._open.setToolTip("Open a model folder: card.json with model.safetensors beside it")
        self._open.clicked.connect(self._on_open)
        self._card = QLabel()
        self._card.setObjectName("shaspec_card")
        self._card.setWordWrap(True)
        self._card.setTextFormat(Qt.TextFormat.PlainText)
        self._seen = MessageBox()

        row = QHBoxLayout()
        row.addWidget(QLabel("Model"))
        row.addWidget(self._models, 1)
        row.addWidget(self._open)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(4)
        layout.addLayout(row)
        layout.addWidget(self._card)
        layout.addWidget(self._seen)

    def show_models(self, models: tuple[str, ...], current: str) -> None:
        """Lists the models (folders by their last part) and marks the current one."""
        self._models.clear()
        for model in models:
            self._models.addItem(Path(model).name, model)
            self._models.setItemData(self._models.count() - 1, model, Qt.ItemDataRole.ToolTipRole)
        self._models.setCurrentIndex(models.index(current) if current in models else -1)

    def show_card(self, card: Card | None) -> None:
        """Shows the licence and whether toggles are instant; the tooltip has the rest."""
        if card is None:
            self._card.clear()
            return
        toggles = "instant toggles" if card.instant_toggles else "every toggle is a full run"
        self._card.setText(f"{card.title}\n{card.licence} · {toggles}")
        self._card.setToolTip(card_tooltip(card))

    def show_seen(self, seen: Seen) -> None:
        """Warns if the case, or a case of the same name, was in the training set."""
        self._seen.show_message(Message(SEEN.get(seen, ""), "warning"))

    def _on_activated(self, index: int) -> None:
        self.chosen.emit(self._models.itemData(index))

    def _on_open(self) -> None:
        folder = QFileDialog.getExistingDirectory(self, "Open a model folder")
        if folder:
            self.chosen.emit(folder)


def card_tooltip(card: Card) -> str:
    """A summary of the card."""
    from shaspec.models.summary import method_of

    size = f"{card.parameters / 1e6:.1f} million parameters"
    lines = [
        card.description,
        f"Method: {method_of(card)} ({card.preset}), {size}",
        f"Trained on {len(card.training_cases)} real cases",
        *(
            f"{where}: " + ", ".join(f"{name} {value:.2f}" for name, value in scores.items())
            for where, scores in card.scores.items()
        ),
        f"Licence: {card.licence}",
    ]
    return "\n".join(line for line in lines if line)
