"""Controls of the intensity window of one modality: preset, level and width."""

from __future__ import annotations

from collections.abc import Sequence

from qtpy.QtCore import QSignalBlocker, Signal
from qtpy.QtWidgets import QComboBox, QDoubleSpinBox, QGridLayout, QLabel, QWidget

from napari_shaspec.layers.windows import HOUNSFIELD, Limits, level_width
from napari_shaspec.segment.shortcuts import WINDOW
from napari_shaspec.widgets.controls import narrow

OWN = "Own"
"""Shown if the window is not one of the presets."""
LARGEST = 1e9


class WindowRows(QWidget):
    """Emits what the user chooses; shows the window of the active modality."""

    preset = Signal(str)
    window = Signal(float, float)
    """Level and width."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._title = QLabel()
        self._presets = QComboBox()
        self._presets.setObjectName("shaspec_window_preset")
        self._presets.setPlaceholderText(OWN)
        narrow(self._presets)
        self._presets.activated.connect(
            lambda place: self.preset.emit(self._presets.itemData(place))
        )
        self._level, self._width = (self._number(name) for name in ("level", "width"))
        self._level.setMinimum(-LARGEST)
        self._level.setToolTip("Level: the intensity in the middle of the window")
        self._width.setToolTip("Width: from the intensity drawn black to the one drawn white")
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setSpacing(4)
        grid.addWidget(self._title, 0, 0)
        grid.addWidget(self._presets, 0, 1, 1, 3)
        numbers = (QLabel("Level"), self._level, QLabel("Width"), self._width)
        for column, widget in enumerate(numbers):
            grid.addWidget(widget, 1, column)
        for column in (1, 3):
            grid.setColumnStretch(column, 1)
        self.show_window("", None, (), "")

    def show_window(
        self, modality: str, window: Limits | None, presets: Sequence[str], preset: str
    ) -> None:
        """Shows the window of a modality; None hides the rows."""
        self.setVisible(window is not None)
        if window is None:
            return
        self._title.setText(modality)
        self._title.setToolTip("The modality that is selected, or the topmost visible one")
        with QSignalBlocker(self._presets):
            if [self._presets.itemData(k) for k in range(self._presets.count())] != list(presets):
                self._presets.clear()
                for name in presets:
                    self._presets.addItem(_text(name), name)
            self._presets.setCurrentIndex(self._presets.findData(preset) if preset else -1)
        self._presets.setToolTip(
            f"Intensity window of {modality}, kept for this case ({WINDOW}: the next one)"
        )
        level, width = level_width(window)
        digits = 3 if width <= 1 else 1 if width < 100 else 0
        for box, value in ((self._level, level), (self._width, width)):
            with QSignalBlocker(box):
                box.setDecimals(digits)
                box.setSingleStep(max(10.0**-digits, width / 50))
                box.setValue(value)

    def _number(self, name: str) -> QDoubleSpinBox:
        box = QDoubleSpinBox()
        box.setObjectName(f"shaspec_window_{name}")
        box.setRange(0, LARGEST)
        box.setKeyboardTracking(False)
        box.setButtonSymbols(QDoubleSpinBox.ButtonSymbols.NoButtons)  # room for the digits
        box.valueChanged.connect(
            lambda _: self.window.emit(self._level.value(), self._width.value())
        )
        return box


def _text(preset: str) -> str:
    """The name of a preset with level and width, where it has these."""
    if preset not in HOUNSFIELD:
        return preset
    level, width = HOUNSFIELD[preset]
    return f"{preset} ({level} / {width} HU)"
