"""The cases of a run: which modalities each has, what becomes of it, what is wrong with it."""

from __future__ import annotations

from qtpy.QtCore import Qt
from qtpy.QtGui import QColor
from qtpy.QtWidgets import QAbstractItemView, QHeaderView, QTableWidget, QTableWidgetItem, QWidget

from napari_shaspec.train_work import CaseRow, FoundCases
from napari_shaspec.widgets import theme

MOST = 8  # rows that are seen at once
ROW = 22  # pixels


class TrainingTable(QTableWidget):
    """A row per case; those with problems first."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("shaspec_training_cases")
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setSelectionMode(QAbstractItemView.SelectionMode.NoSelection)
        self.setShowGrid(False)
        self.setWordWrap(False)
        numbers = self.verticalHeader()
        if numbers is not None:
            numbers.hide()
            numbers.setDefaultSectionSize(ROW)
        self.hide()

    def show_cases(self, cases: FoundCases | None) -> None:
        """The rows; hidden while nothing is known."""
        self.setVisible(cases is not None)
        if cases is None:
            return
        self.clear()
        self.setColumnCount(2 + len(cases.modalities))
        self.setHorizontalHeaderLabels(["case", *cases.modalities, "use"])
        rows = sorted(cases.rows, key=lambda row: not row.problem)
        self.setRowCount(len(rows))
        for line, row in enumerate(rows):
            self._fill(line, row, cases.modalities)
        header = self.horizontalHeader()
        assert header is not None
        header.setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        header.setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        heights = [self.rowHeight(line) for line in range(min(len(rows), MOST))]
        self.setFixedHeight(header.sizeHint().height() + sum(heights) + 2 * self.frameWidth())

    def _fill(self, line: int, row: CaseRow, modalities: tuple[str, ...]) -> None:
        marks = ["✓" if name in row.present else "–" for name in modalities]
        missing = [name for name in modalities if name not in row.present]
        tip = row.problem or (f"without {', '.join(missing)}" if missing else "complete")
        for column, text in enumerate((row.name, *marks, row.role)):
            item = QTableWidgetItem(text)
            item.setToolTip(f"{row.name}: {tip}")
            if 0 < column <= len(modalities):
                item.setTextAlignment(Qt.AlignmentFlag.AlignCenter)
            if row.problem:
                background = theme.colour("warning")
                item.setBackground(QColor(background))
                item.setForeground(QColor(theme.readable_on(background)))
            self.setItem(line, column, item)
