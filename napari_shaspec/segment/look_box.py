"""The row *Look*: how results and images are drawn, and a picture of the canvas."""

from __future__ import annotations

from qtpy.QtCore import QSignalBlocker, Qt, Signal
from qtpy.QtWidgets import QCheckBox, QHBoxLayout, QLabel, QSlider, QWidget

from napari_shaspec.segment.shortcuts import PLANES
from napari_shaspec.segment.window_rows import WindowRows
from napari_shaspec.widgets.controls import push_button
from napari_shaspec.widgets.fold_box import FoldBox
from napari_shaspec.widgets.large_type import LargeTypeBox

ONE_PLANE = "Only for volumes: this is 2D"


class LookBox(FoldBox):
    """Emits what the user chooses."""

    opacity = Signal(float)
    """From 0 to 1."""
    contour = Signal(bool)
    pictured = Signal()
    planes = Signal(bool)
    letters = Signal(bool)
    preset = Signal(str)
    """The name of an intensity window."""
    window = Signal(float, float)
    """Level and width."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("look", "Look", "How results are drawn, and pictures of them", parent)
        self._opacity = QSlider(Qt.Orientation.Horizontal)
        self._opacity.setObjectName("shaspec_opacity")
        self._opacity.setToolTip("Opacity of all results")
        self._opacity.setRange(0, 100)
        self._opacity.valueChanged.connect(lambda value: self.opacity.emit(value / 100))
        self._contour = _tick(QCheckBox("Contours"), "contour", self.contour)
        self._contour.setToolTip("Draw the outlines of the labels instead of filling them")
        self._planes = _tick(QCheckBox("Three planes"), "planes", self.planes)
        self.offer_planes(True)
        self._letters = _tick(QCheckBox("Letters"), "letters", self.letters)
        self._letters.setToolTip(
            "Mark the patient's left and right, anterior and posterior, superior and inferior at "
            "the edges of the canvas"
        )
        picture = push_button(
            "picture",
            "Save picture…",
            "Save the canvas with its scale bar as PNG; the caption names the case, the result and "
            "the slice",
        )
        picture.clicked.connect(self.pictured)
        self._window = WindowRows()
        self._window.preset.connect(self.preset)
        self._window.window.connect(self.window)
        self.show_window = self._window.show_window
        first = QHBoxLayout()
        first.addWidget(QLabel("Opacity"))
        first.addWidget(self._opacity, 1)
        self.column.addLayout(first)
        rows = ((self._contour, picture), (self._planes, self._letters), (LargeTypeBox(),))
        for widgets in rows:
            row = QHBoxLayout()
            for widget in widgets:
                row.addWidget(widget, 1)
            self.column.addLayout(row)
        self.column.addWidget(self._window)

    def show_opacity(self, opacity: float) -> None:
        """Moves the slider."""
        with QSignalBlocker(self._opacity):
            self._opacity.setValue(round(100 * opacity))

    def show_contour(self, on: bool) -> None:
        """Ticks the box."""
        with QSignalBlocker(self._contour):
            self._contour.setChecked(on)

    def show_planes(self, on: bool) -> None:
        """Ticks the box."""
        with QSignalBlocker(self._planes):
            self._planes.setChecked(on)

    def show_letters(self, on: bool) -> None:
        """Ticks the box."""
        with QSignalBlocker(self._letters):
            self._letters.setChecked(on)

    def offer_planes(self, on: bool) -> None:
        """False for pictures."""
        self._planes.setEnabled(on)
        self._planes.setToolTip(
            f"Axial, coronal and sagittal plane with a crosshair; a click moves all three "
            f"({PLANES})"
            if on
            else ONE_PLANE
        )


def _tick(box: QCheckBox, name: str, signal: Signal) -> QCheckBox:
    box.setObjectName(f"shaspec_{name}")
    box.toggled.connect(signal)
    return box
