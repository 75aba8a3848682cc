"""One row per file of a case: picture, name, size, guess, and a combo box for its role."""

from __future__ import annotations

from pathlib import Path

from qtpy.QtCore import Qt, Signal
from qtpy.QtGui import QImage, QPixmap
from qtpy.QtWidgets import QComboBox, QGridLayout, QLabel, QSizePolicy, QWidget

from napari_shaspec.assign.choices import TITLES, Choices, Row
from napari_shaspec.assign.preview import SIDE, Preview
from napari_shaspec.widgets.message_box import breakable
from shaspec.io.naming import Certainty
from shaspec.io.roles import UNUSED

HEADINGS = ("", "File", "Voxels", "Guess", "Use as")
CHOOSE = "— choose —"
NAME_WIDTH = 220  # pixels; longer names are wrapped


class FileTable(QWidget):
    """Shows the rows of `Choices`; pictures and sizes come later."""

    chosen = Signal(int, str)
    """Row, and the role that the user chose."""

    def __init__(self, choices: Choices, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._pictures: dict[tuple[Path, int | None], QLabel] = {}
        self._sizes: dict[tuple[Path, int | None], QLabel] = {}
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 8, 0)
        self._grid.setHorizontalSpacing(16)
        self._grid.setVerticalSpacing(6)
        self._grid.setColumnStretch(1, 1)
        for column, heading in enumerate(HEADINGS):
            self._grid.addWidget(QLabel(f"<b>{heading}</b>"), 0, column)
        for index, row in enumerate(choices.rows):
            self._add(index, row, choices)
        self._grid.setRowStretch(len(choices.rows) + 1, 1)

    def show_preview(self, preview: Preview) -> None:
        """Shows picture and size of one file or channel."""
        self._sizes[preview.place].setText(preview.size)
        if preview.picture is not None:
            self._pictures[preview.place].setPixmap(_pixmap(preview))

    def _add(self, index: int, row: Row, choices: Choices) -> None:
        picture, size = QLabel("…"), QLabel("reading…")
        picture.setFixedSize(SIDE, SIDE)
        picture.setAlignment(Qt.AlignmentFlag.AlignCenter)
        size.setWordWrap(True)
        size.setMinimumWidth(130)
        name, guess = QLabel(breakable(row.file.name)), QLabel(_guess(row))
        if not row.settled:
            guess.setStyleSheet("font-weight: bold;")
        name.setTextFormat(Qt.TextFormat.PlainText)
        name.setWordWrap(True)
        name.setMinimumWidth(NAME_WIDTH)
        name.setToolTip(str(row.file.path))
        guess.setToolTip(row.file.reason)
        self._pictures[row.file.place], self._sizes[row.file.place] = picture, size
        combo = _combo(row, choices.options)
        combo.setObjectName(f"shaspec_role_{index}")
        combo.setToolTip(f"What {row.file.name} is used as ({row.file.reason})")
        combo.activated.connect(lambda k: self._on_activated(index, combo.itemData(k)))
        for column, widget in enumerate((picture, name, size, guess, combo)):
            self._grid.addWidget(widget, index + 1, column)

    def _on_activated(self, index: int, role: str | None) -> None:
        if role is not None:
            self.chosen.emit(index, role)


def _guess(row: Row) -> str:
    recalled = row.recalled is not None and not row.contradicted
    role = row.chosen if recalled else row.file.role
    what = "not clear" if role is None else TITLES.get(role, role)
    if role == UNUSED and row.certainty == Certainty.DOUBTFUL:
        what = "not clear"
    return f"{what}\n{row.certainty}"


def _combo(row: Row, options: list[str]) -> QComboBox:
    combo = QComboBox()
    combo.setSizePolicy(QSizePolicy.Policy.Minimum, QSizePolicy.Policy.Fixed)
    combo.setMinimumWidth(110)
    if row.chosen is None:
        combo.addItem(CHOOSE, None)
    for role in options:
        combo.addItem(TITLES.get(role, role), role)
    combo.setCurrentIndex(0 if row.chosen is None else combo.findData(row.chosen))
    return combo


def _pixmap(preview: Preview) -> QPixmap:
    assert preview.picture is not None
    rows, columns = preview.picture.shape
    data = preview.picture.tobytes()
    return QPixmap(QImage(data, columns, rows, columns, QImage.Format.Format_Grayscale8).copy())
