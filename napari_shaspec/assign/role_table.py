"""One row per file or series: picture, name, size, guess, and a combo box for its role."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass

from qtpy.QtCore import Qt, Signal
from qtpy.QtGui import QImage, QPixmap
from qtpy.QtWidgets import QComboBox, QGridLayout, QLabel, QSizePolicy, QWidget

from napari_shaspec.assign.preview import SIDE, Picture
from napari_shaspec.widgets.message_box import breakable

CHOOSE = "— choose —"
NAME_WIDTH = 220  # pixels; longer names are wrapped


@dataclass(frozen=True)
class RoleRow:
    """What the table shows of a file or a series."""

    place: Hashable
    """Identifies the row when its picture comes."""
    name: str
    tooltip: str
    guess: str
    reason: str
    settled: bool
    """False: the guess is shown in bold."""
    chosen: str | None
    """A role; None: still to be chosen."""
    size: str = "reading…"


class RoleTable(QWidget):
    """Shows rows; pictures come later.

    Args:
        rows: the files or series.
        options: role -> its text in the combo boxes.
        heading: of the column of names.
    """

    chosen = Signal(int, str)
    """Row, and the role that the user chose."""

    def __init__(
        self,
        rows: Sequence[RoleRow],
        options: Mapping[str, str],
        heading: str,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._pictures: dict[Hashable, QLabel] = {}
        self._sizes: dict[Hashable, QLabel] = {}
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 8, 0)
        self._grid.setHorizontalSpacing(16)
        self._grid.setVerticalSpacing(6)
        self._grid.setColumnStretch(1, 1)
        for column, text in enumerate(("", heading, "Voxels", "Guess", "Use as")):
            self._grid.addWidget(QLabel(f"<b>{text}</b>"), 0, column)
        for index, row in enumerate(rows):
            self._add(index, row, options)
        self._grid.setRowStretch(len(rows) + 1, 1)

    def show_preview(self, place: Hashable, picture: Picture | None, size: str = "") -> None:
        """Shows the picture of one row, and its size unless that is known."""
        if size:
            self._sizes[place].setText(size)
        self._pictures[place].setText("")
        if picture is not None:
            self._pictures[place].setPixmap(_pixmap(picture))

    def _add(self, index: int, row: RoleRow, options: Mapping[str, str]) -> None:
        picture, size = QLabel("…"), QLabel(row.size)
        picture.setFixedSize(SIDE, SIDE)
        picture.setAlignment(Qt.AlignmentFlag.AlignCenter)
        size.setWordWrap(True)
        size.setMinimumWidth(130)
        name, guess = QLabel(breakable(row.name)), QLabel(row.guess)
        if not row.settled:
            guess.setStyleSheet("font-weight: bold;")
        name.setTextFormat(Qt.TextFormat.PlainText)
        name.setWordWrap(True)
        name.setMinimumWidth(NAME_WIDTH)
        name.setToolTip(row.tooltip)
        guess.setTextFormat(Qt.TextFormat.PlainText)
        guess.setToolTip(row.reason)
        self._pictures[row.place], self._sizes[row.place] = picture, size
        combo = _combo(row, options)
        combo.setObjectName(f"shaspec_role_{index}")
        combo.setToolTip(f"What {row.name} is used as ({row.reason})")
        combo.activated.connect(lambda k: self._on_activated(index, combo.itemData(k)))
        for column, widget in enumerate((picture, name, size, guess, combo)):
            self._grid.addWidget(widget, index + 1, column)

    def _on_activated(self, index: int, role: str | None) -> None:
        if role is not None:
            self.chosen.emit(index, role)


def _combo(row: RoleRow, options: Mapping[str, str]) -> QComboBox:
    combo = QComboBox()
    combo.setSizePolicy(QSizePolicy.Policy.Minimum, QSizePolicy.Policy.Fixed)
    combo.setMinimumWidth(110)
    if row.chosen is None:
        combo.addItem(CHOOSE, None)
    for role, text in options.items():
        combo.addItem(text, role)
    combo.setCurrentIndex(0 if row.chosen is None else combo.findData(row.chosen))
    return combo


def _pixmap(picture: Picture) -> QPixmap:
    rows, columns = picture.shape
    data = picture.tobytes()
    return QPixmap(QImage(data, columns, rows, columns, QImage.Format.Format_Grayscale8).copy())
