"""The table of the cases of a folder."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from qtpy.QtCore import QSize, Qt, Signal
from qtpy.QtGui import QIcon, QImage, QPixmap
from qtpy.QtWidgets import QHeaderView, QTableWidgetItem, QWidget

from napari_shaspec.cohort.state import Picture, Pictured, Row
from napari_shaspec.widgets.large_type import follow_growth
from napari_shaspec.widgets.read_only_table import ReadOnlyTable
from shaspec.prediction import size_text

SIDE = 38  # pixels of a picture
STATUS = {"waiting": "", "running": "running…", "done": "done", "failed": "failed"}


class CohortTable(ReadOnlyTable):
    """A row per case: what was found, status, sizes of the regions, mark."""

    chosen = Signal(str)
    """Name of the case that was clicked."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("shaspec_cohort", parent, selectable=True, row_height=SIDE + 2)
        self.setToolTip("Click a case to open it with its result")
        self.cellClicked.connect(lambda row, _: self.chosen.emit(self.name_of(row)))
        self._shown: tuple[Sequence[Row], Sequence[str]] = ((), ())
        self._icons: dict[str, tuple[Pictured, QIcon]] = {}
        self._none = QIcon()
        follow_growth(self, self._grow)

    def show_pictures(self, pictures: Mapping[str, Pictured]) -> None:
        """Shows the pictures of the results in their rows."""
        kept = self._icons
        self._icons = {
            case: kept[case] if case in kept and kept[case][0] is new else (new, _icon(new.picture))
            for case, new in pictures.items()
        }
        for number in range(self.rowCount()):
            self._set_icon(number)

    def _set_icon(self, number: int) -> None:
        item = self.item(number, 0)
        if item is None:
            return
        _, icon = self._icons.get(item.text(), (None, self._none))
        if item.icon().cacheKey() != icon.cacheKey():
            item.setIcon(icon)

    def _grow(self, factor: float) -> None:
        side = round(factor * SIDE)
        self.setIconSize(QSize(side, side))
        self._usual = side + 2
        self._fit_font()

    def show_rows(self, rows: Sequence[Row], regions: Sequence[str], chosen: str) -> None:
        """Shows the cases; only rows that changed are written again."""
        before, heads = self._shown
        if tuple(heads) != tuple(regions) or len(before) != len(rows):
            before = ()
            self._set_up(len(rows), regions)
        for number, row in enumerate(rows):
            if number >= len(before) or before[number] != row:
                self._write(number, row, regions)
            if row.name == chosen and self.currentRow() != number:
                self.selectRow(number)
        self._shown = (tuple(rows), tuple(regions))

    def _set_up(self, count: int, regions: Sequence[str]) -> None:
        heads = ["case", "modalities", "status", *regions, "mark", "notes"]
        self.setColumnCount(len(heads))
        self.setRowCount(count)
        self.setHorizontalHeaderLabels(heads)
        header = self.horizontalHeader()
        assert header is not None
        header.setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        header.setSectionResizeMode(len(heads) - 1, QHeaderView.ResizeMode.Stretch)

    def _write(self, number: int, row: Row, regions: Sequence[str]) -> None:
        record = row.record
        digits = 0 if record is not None and record.unit == "px" else 1
        sizes = {} if record is None else record.sizes
        texts = [row.name, "+".join(row.files.volumes), STATUS[row.status]]
        texts += [size_text(sizes[name], digits) if name in sizes else "" for name in regions]
        texts += [row.mark, row.said.replace("\n", "; ")]
        for column, text in enumerate(texts):
            item = QTableWidgetItem(text)
            item.setToolTip(text)
            if 3 <= column < 3 + len(regions):
                item.setTextAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
            self.setItem(number, column, item)
        self._set_icon(number)


def _icon(picture: Picture) -> QIcon:
    """An icon of an array (row, column, rgb)."""
    rows, columns = picture.shape[:2]
    data = picture.tobytes()
    image = QImage(data, columns, rows, 3 * columns, QImage.Format.Format_RGB888)
    pixmap = QPixmap.fromImage(image.copy())
    icon = QIcon(pixmap)
    icon.addPixmap(pixmap, QIcon.Mode.Selected)  # else Qt tints the picture of the chosen row
    return icon
