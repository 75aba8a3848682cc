"""The row *Look*: opacity, outlines, and a picture of the canvas."""

from __future__ import annotations

from qtpy.QtCore import QSignalBlocker, Qt, Signal
from qtpy.QtWidgets import QCheckBox, QHBoxLayout, QLabel, QPushButton, QSlider, QWidget

from napari_shaspec.widgets.fold_box import FoldBox


class LookBox(FoldBox):
    """Emits what the user chooses."""

    opacity = Signal(float)
    """From 0 to 1."""
    contour = Signal(bool)
    pictured = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("look", "Look", "How results are drawn, and pictures of them", parent)
        self._opacity = QSlider(Qt.Orientation.Horizontal)
        self._opacity.setObjectName("shaspec_opacity")
        self._opacity.setToolTip("Opacity of all results")
        self._opacity.setRange(0, 100)
        self._opacity.valueChanged.connect(lambda value: self.opacity.emit(value / 100))
        self._contour = QCheckBox("Contours")
        self._contour.setObjectName("shaspec_contour")
        self._contour.setToolTip("Draw the outlines of the labels instead of filling them")
        self._contour.toggled.connect(self.contour)
        picture = QPushButton("Save picture…")
        picture.setObjectName("shaspec_picture")
        picture.setToolTip(
            "Save the canvas with its scale bar as PNG; the caption names the case, the result and "
            "the slice"
        )
        picture.clicked.connect(self.pictured)
        first, second = QHBoxLayout(), QHBoxLayout()
        first.addWidget(QLabel("Opacity"))
        first.addWidget(self._opacity, 1)
        second.addWidget(self._contour, 1)
        second.addWidget(picture, 1)
        self.column.addLayout(first)
        self.column.addLayout(second)

    def show_opacity(self, opacity: float) -> None:
        """Moves the slider."""
        with QSignalBlocker(self._opacity):
            self._opacity.setValue(round(100 * opacity))

    def show_contour(self, on: bool) -> None:
        """Ticks the box."""
        with QSignalBlocker(self._contour):
            self._contour.setChecked(on)
