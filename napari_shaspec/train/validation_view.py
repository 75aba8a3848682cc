"""The last validation: Dice per subset and region, and a slice of the first case."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from qtpy.QtCore import Qt
from qtpy.QtGui import QColor, QPixmap, QResizeEvent
from qtpy.QtWidgets import (
    QLabel,
    QSizePolicy,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)

from napari_shaspec.widgets import theme
from napari_shaspec.widgets.message_box import breakable
from napari_shaspec.widgets.read_only_table import ReadOnlyTable
from shaspec.training.events import Validation

MOST = 8  # rows visible at once
ROW = 22  # pixels
SAME = 0.005  # smaller changes of the Dice count as unchanged
EARLIER = 6  # values shown in a tooltip
UP, DOWN, LEVEL = "▲", "▼", "="


class ValidationView(QWidget):
    """Title, table and picture of the last validation; hidden before the first one."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("shaspec_validation")
        self._title = QLabel()
        self._title.setObjectName("shaspec_validation_title")
        self._title.setWordWrap(True)
        self._table = ReadOnlyTable("shaspec_dice", row_height=ROW)
        self._picture = ScaledImage()
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        for widget in (self._title, self._table, self._picture):
            layout.addWidget(widget)
        self.hide()

    def show_validations(self, validations: Sequence[Validation]) -> None:
        """Shows the newest validation and the change since the previous one."""
        self.setVisible(bool(validations))
        if not validations:
            return
        last = validations[-1]
        self._title.setText(f"Dice after step {last.step}, on {breakable(', '.join(last.cases))}")
        self._fill(validations)
        self._picture.show_file(last.picture)

    def _fill(self, validations: Sequence[Validation]) -> None:
        table, dice = self._table, validations[-1].dice
        regions = list(next(iter(dice.values())))
        table.clear()
        table.setColumnCount(1 + len(regions))
        table.setHorizontalHeaderLabels(["from", *regions])
        table.setRowCount(len(dice))
        for row, subset in enumerate(dice):
            name = QTableWidgetItem(subset)
            name.setToolTip(subset)
            table.setItem(row, 0, name)
            for column, region in enumerate(regions, 1):
                table.setItem(row, column, _cell(validations, subset, region))
        table.fit(MOST)


class ScaledImage(QLabel):
    """A picture file, scaled to the width of the panel."""

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("shaspec_sample")
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self._pixels = QPixmap()

    def show_file(self, path: str) -> None:
        """Shows the picture; hidden if the file does not exist."""
        self._pixels = QPixmap(path)
        self.setVisible(not self._pixels.isNull())
        self.setToolTip(f"A slice of the first case: image, labels and predictions\n{path}")
        self._fit()

    def resizeEvent(self, event: QResizeEvent | None) -> None:
        """Scales the picture to the new width."""
        super().resizeEvent(event)
        self._fit()

    def _fit(self) -> None:
        if self._pixels.isNull():
            return
        smooth = Qt.TransformationMode.SmoothTransformation
        self.setPixmap(self._pixels.scaledToWidth(max(1, self.width()), smooth))


def _cell(validations: Sequence[Validation], subset: str, region: str) -> QTableWidgetItem:
    """The latest value with its trend, on its colour of the heat map."""
    history = [(v.step, v.dice[subset][region]) for v in validations if subset in v.dice]
    values = [value for _, value in history]
    item = QTableWidgetItem(f"{values[-1]:.2f} {trend(values)}".rstrip())
    item.setTextAlignment(Qt.AlignmentFlag.AlignCenter)
    background = heat(values[-1])
    item.setBackground(QColor(background))
    item.setForeground(QColor(theme.readable_on(background)))
    earlier = ", ".join(f"{value:.2f} at step {step}" for step, value in history[-EARLIER:])
    item.setToolTip(f"{region} from {subset}: {earlier}")
    return item


def trend(values: Sequence[float]) -> str:
    """Whether the last value is higher than, lower than or equal to the one before; else empty."""
    for before, now in reversed(list(pairwise(values))):
        return LEVEL if abs(now - before) < SAME else UP if now > before else DOWN
    return ""


def heat(value: float) -> str:
    """Colour ``#rrggbb`` of a Dice, as in the heat maps."""
    from matplotlib import colormaps
    from matplotlib.colors import to_hex

    return to_hex(colormaps["viridis"](value))
