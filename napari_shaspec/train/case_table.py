"""Table of the cases of a run: the modalities of each case, its role in the run, its problems."""

from __future__ import annotations

from qtpy.QtCore import Qt
from qtpy.QtGui import QColor
from qtpy.QtWidgets import QTableWidgetItem, QWidget

from napari_shaspec.train.state import CaseRow, FoundCases
from napari_shaspec.widgets import theme
from napari_shaspec.widgets.read_only_table import ReadOnlyTable

MOST = 8  # rows visible at once
ROW = 22  # pixels


class TrainingTable(ReadOnlyTable):
    """One row per case, cases with problems first, then those with notices."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("shaspec_training_cases", parent, row_height=ROW)
        self.hide()

    def show_cases(self, cases: FoundCases | None) -> None:
        """Fills the table; None: hides it."""
        self.setVisible(cases is not None)
        if cases is None:
            return
        self.clear()
        self.setColumnCount(2 + len(cases.modalities))
        self.setHorizontalHeaderLabels(["case", *cases.modalities, "use"])
        rows = sorted(cases.rows, key=lambda row: (not row.problem, not row.notice))
        self.setRowCount(len(rows))
        for line, row in enumerate(rows):
            self._fill(line, row, cases.modalities)
        self.fit(MOST)

    def _fill(self, line: int, row: CaseRow, modalities: tuple[str, ...]) -> None:
        marks = ["✓" if name in row.present else "–" for name in modalities]
        missing = [name for name in modalities if name not in row.present]
        said = row.problem or row.notice
        tip = said or (f"missing {', '.join(missing)}" if missing else "complete")
        for column, text in enumerate((row.name, *marks, row.role)):
            item = QTableWidgetItem(text)
            item.setToolTip(f"{row.name}: {tip}")
            if 0 < column <= len(modalities):
                item.setTextAlignment(Qt.AlignmentFlag.AlignCenter)
            if said:
                background = theme.colour("warning")
                item.setBackground(QColor(background))
                item.setForeground(QColor(theme.readable_on(background)))
            self.setItem(line, column, item)
