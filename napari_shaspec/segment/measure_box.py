"""The row *Measure*: lesions of a region with sizes and diameters."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from qtpy.QtCore import QSignalBlocker, Qt, Signal
from qtpy.QtWidgets import QComboBox, QHBoxLayout, QPushButton, QTableWidgetItem, QWidget

from napari_shaspec.segment.result_table import number_item
from napari_shaspec.widgets.controls import narrow
from napari_shaspec.widgets.fold_box import FoldBox
from napari_shaspec.widgets.read_only_table import ReadOnlyTable
from shaspec.task import Task

if TYPE_CHECKING:
    from shaspec.measuring import Lesion, Measurements

ROWS = 5  # visible lesions; scroll for the others


class MeasureBox(FoldBox):
    """Emits what the user asks for; shows the measurements."""

    measured = Signal(str)
    """The region to measure."""
    chosen = Signal(int)
    """The number of a lesion."""
    saved = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(
            "measure_fold",
            "Measure",
            "Number, size and diameters of the lesions in the shown result",
            parent,
        )
        self._task: Task | None = None
        self._region = QComboBox()
        self._region.setObjectName("shaspec_measure_region")
        self._region.setToolTip("The region whose connected parts are measured")
        narrow(self._region)
        self._region.activated.connect(self._on_chosen)
        self._asked = False  # the user chose a region
        self._run = QPushButton("Measure lesions")
        self._run.setObjectName("shaspec_measure")
        self._run.setToolTip(
            "Per lesion: size, largest diameter on an axial slice, and the largest one "
            "perpendicular to it on the same slice, as in RANO. Edits are included"
        )
        self._run.clicked.connect(lambda: self.measured.emit(self._region.currentText()))
        self._table = ReadOnlyTable("shaspec_lesions", selectable=True)
        self._table.cellClicked.connect(lambda row, _: self.chosen.emit(row + 1))
        self._save = QPushButton("Save table…")
        self._save.setObjectName("shaspec_save_measurements")
        self._save.setToolTip("Save the lesions as CSV")
        self._save.clicked.connect(self.saved)
        row = QHBoxLayout()
        row.setSpacing(4)
        row.addWidget(self._region, 1)
        row.addWidget(self._run, 1)
        self.column.addLayout(row)
        self.column.addWidget(self._table)
        self.column.addWidget(self._save)

    def show_task(self, task: Task | None) -> None:
        """The regions of a task; None hides the row."""
        self.setVisible(task is not None)
        if task is not None and task != self._task:
            self._task, self._asked = task, False
            with QSignalBlocker(self._region):
                self._region.clear()
                self._region.addItems(list(task.reported_regions))

    def offer(self, sizes: Mapping[str, float]) -> None:
        """Offers the largest region, e.g. WT, until the user chooses one.

        Args:
            sizes: region -> its size in the shown result, the region with the fewest labels first.
        """
        if not self._asked:
            largest = max(reversed(list(sizes)), key=lambda name: sizes[name])
            self._region.setCurrentText(largest)

    def _on_chosen(self) -> None:
        self._asked = True

    def show_busy(self, busy: bool) -> None:
        """One measurement at a time."""
        self._run.setEnabled(not busy)

    def show_measurements(self, measured: Measurements | None) -> None:
        """A row per lesion; None hides the table."""
        lesions = () if measured is None else measured.lesions
        self._table.setVisible(bool(lesions))
        self._save.setVisible(bool(lesions))
        if measured is None:
            return
        unit, length = measured.unit, measured.length_unit
        heads = (measured.region, unit, f"longest {length}", f"across {length}")
        self._table.clear()
        self._table.setColumnCount(len(heads))
        self._table.setRowCount(len(lesions))
        for column, text in enumerate(heads):
            self._table.setHorizontalHeaderItem(column, QTableWidgetItem(text))
        for row, lesion in enumerate(lesions):
            first = QTableWidgetItem(f"lesion {lesion.number}")
            first.setToolTip("Click to go to the slice of its diameters")
            first.setFlags(first.flags() & ~Qt.ItemFlag.ItemIsEditable)
            self._table.setItem(row, 0, first)
            for column, text in enumerate(_numbers(lesion, unit), 1):
                self._table.setItem(row, column, number_item(text, _tooltip(lesion, length)))
        self._table.fit(ROWS)
        if self.is_open:
            self.unfolded.emit()


def _numbers(lesion: Lesion, unit: str) -> tuple[str, str, str]:
    digits = 2 if unit == "mL" else 0
    return (
        f"{lesion.size:.{digits}f}",
        f"{lesion.longest.length:.1f}",
        f"{lesion.perpendicular.length:.1f}",
    )


def _tooltip(lesion: Lesion, length: str) -> str:
    text = f"product {lesion.product:.0f} {length}², on {lesion.slices} slices"
    if length == "mm":
        text += "; measurable" if lesion.measurable else "; not measurable (RANO)"
    return text
