"""Buttons for the three views of a case; one is pressed, or none in a view of napari."""

from __future__ import annotations

from qtpy.QtCore import QSignalBlocker, Signal
from qtpy.QtWidgets import QButtonGroup, QHBoxLayout, QLabel, QPushButton, QWidget

from napari_shaspec.layers.views import View
from napari_shaspec.segment.shortcuts import GRID

TEXTS = {
    View.STACK: ("Stack", "Stacked layers, as usual in napari"),
    View.GRID: (
        "Side by side",
        f"One pane per modality, each with the result ({GRID})",
    ),
    View.THREE_D: ("3D", "The regions of the result as translucent surfaces"),
}


class ViewBar(QWidget):
    """Emits the view that the user chose."""

    chosen = Signal(object)
    """A `View`."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._group = QButtonGroup(self)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(4)
        row.addWidget(QLabel("View"))
        self._buttons = {view: QPushButton(text) for view, (text, _) in TEXTS.items()}
        for view, button in self._buttons.items():
            button.setObjectName(f"shaspec_view_{view.value}")
            button.setToolTip(TEXTS[view][1])
            button.setCheckable(True)
            button.clicked.connect(lambda _=False, view=view: self.chosen.emit(view))
            self._group.addButton(button)
            row.addWidget(button, 1)

    def show_dims(self, dims: int) -> None:
        """Disables the 3D view for pictures (2)."""
        button = self._buttons[View.THREE_D]
        button.setEnabled(dims == 3)
        button.setToolTip(TEXTS[View.THREE_D][1] if dims == 3 else "Only for volumes: this is 2D")

    def show_view(self, view: View | None) -> None:
        """Presses the button of the view; None: napari's own grid or 3D, so none is pressed."""
        with QSignalBlocker(self._group):
            self._group.setExclusive(False)
            for each, button in self._buttons.items():
                button.setChecked(each is view)
            self._group.setExclusive(True)
