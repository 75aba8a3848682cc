"""Filter for subsets without certain modalities."""

from __future__ import annotations

from collections.abc import Sequence

from qtpy.QtCore import Signal
from qtpy.QtWidgets import QHBoxLayout, QLabel, QPushButton, QWidget

from napari_shaspec.widgets.large_type import FontWatch


class ModalityFilter(QWidget):
    """One button per modality; a pressed button hides the subsets with that modality."""

    changed = Signal(list)
    """The modalities that the subsets must not contain."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._buttons: dict[str, QPushButton] = {}
        self._row = QHBoxLayout(self)
        self._row.setContentsMargins(0, 0, 0, 0)
        self._row.setSpacing(3)
        self._row.addWidget(QLabel("Without"))

    def show_modalities(self, names: Sequence[str]) -> None:
        """Makes new buttons if the modalities have changed."""
        if list(self._buttons) == list(names):
            return
        for button in self._buttons.values():
            self._row.removeWidget(button)
            button.deleteLater()
        self._buttons = {name: self._button(name) for name in names}

    def modalities(self) -> list[str]:
        """The modalities that the subsets must not contain."""
        return [name for name, button in self._buttons.items() if button.isChecked()]

    def _button(self, name: str) -> QPushButton:
        button = QPushButton()
        button.setObjectName(f"shaspec_without_{name}")
        button.setText(name)
        button.setCheckable(True)
        FontWatch(button, lambda: button.setFixedWidth(_advance(button) + 12))
        button.setToolTip(f"Only subsets without {name}")
        button.toggled.connect(lambda _: self.changed.emit(self.modalities()))
        self._row.addWidget(button)
        return button


def _advance(button: QPushButton) -> int:
    return button.fontMetrics().horizontalAdvance(button.text())
