"""The row *Edit*: brush and eraser, operations on a region, undo and redo."""

from __future__ import annotations

from typing import get_args

from qtpy.QtCore import QSignalBlocker, Signal
from qtpy.QtGui import QColor, QIcon, QPixmap
from qtpy.QtWidgets import (
    QButtonGroup,
    QCheckBox,
    QComboBox,
    QDoubleSpinBox,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QSpinBox,
    QWidget,
)

from napari_shaspec.segment.nninteractive import panel_of_plugin
from napari_shaspec.segment.state import ERASER, NO_TOOL
from napari_shaspec.widgets.controls import narrow, push_button
from napari_shaspec.widgets.fold_box import FoldBox
from shaspec.editing import AMOUNTS, Operation
from shaspec.editing.operations import Kind
from shaspec.task import Label, Task

COLUMNS = 4  # colour buttons in a row
NARROW = 58  # pixels: four of them fit the panel
WIDEST = 200  # voxels, of the brush
OPERATIONS: dict[Kind, tuple[str, str]] = {
    "fill holes": (
        "Fill holes",
        "Fill background that the region encloses on all sides, in 3D. Other labels stay",
    ),
    "keep largest": (
        "Keep largest",
        "Keep the largest connected part of the region, remove the others",
    ),
    "remove islands": (
        "Remove islands",
        "Remove the connected parts of the region that are smaller than this",
    ),
    "smooth": (
        "Smooth",
        "Smooth the surface of the region with a Gaussian of this width. Thin parts vanish",
    ),
    "grow": (
        "Grow",
        "Add voxels within this distance: background, and labels of the enclosing regions",
    ),
    "shrink": (
        "Shrink",
        "Remove voxels within this distance of the surface; they get the nearest label outside",
    ),
}
"""Text and tooltip of each button."""


class EditBox(FoldBox):
    """Emits what the user does; shows the state of the controller."""

    tool = Signal(int)
    """A label to paint with, `ERASER` or `NO_TOOL`."""
    brush = Signal(int, bool)
    """Diameter in voxels, and whether it paints in 3D."""
    operated = Signal(object)
    """An `Operation`."""
    undone = Signal()
    redone = Signal()
    handed = Signal(str)
    """A region to refine in napari-nninteractive."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("edit", "Edit", "Correct the shown result by hand", parent)
        self._task: Task | None = None
        self._tools = QButtonGroup(self)
        self._tools.setExclusive(False)  # a second click on a tool puts it away
        self._tools.idClicked.connect(self._on_tool)
        self._colours = QGridLayout()
        self._size = QSpinBox()
        self._in_3d = QCheckBox("3D")
        self._region = QComboBox()
        self._operations: list[QPushButton] = []
        self._amounts: dict[Kind, QDoubleSpinBox] = {}
        self._undo = push_button(
            "undo_edit", "Undo edit", "Undo the last stroke or operation (Ctrl+Z)"
        )
        self._redo = push_button("redo_edit", "Redo edit", "Repeat what was undone (Ctrl+Shift+Z)")
        self._hand = push_button(
            "nninteractive",
            "Refine in nnInteractive",
            "Open the region in the plugin napari-nninteractive: a copy of its mask, and an image",
        )
        self._hand.clicked.connect(lambda: self.handed.emit(self._region.currentText()))
        self._undo.clicked.connect(self.undone)
        self._redo.clicked.connect(self.redone)
        self._build()

    def _build(self) -> None:
        self._colours.setSpacing(4)
        self.column.addLayout(self._colours)
        self._size.setObjectName("shaspec_brush_size")
        self._size.setRange(1, WIDEST)
        self._size.setValue(10)
        self._size.setToolTip("Diameter of the brush and the eraser in voxels")
        self._in_3d.setObjectName("shaspec_brush_3d")
        self._in_3d.setToolTip("The brush and the eraser are balls: they reach neighbouring slices")
        self._size.valueChanged.connect(self._on_brush)
        self._in_3d.toggled.connect(self._on_brush)
        self.column.addLayout(_row(QLabel("Brush"), self._size, self._in_3d))
        self._region.setObjectName("shaspec_edit_region")
        self._region.setToolTip("The region that the buttons below change")
        narrow(self._region)
        self.column.addLayout(_row(QLabel("Region"), self._region))
        grid = QGridLayout()
        grid.setSpacing(4)
        for kind in get_args(Kind):
            button = push_button(kind.replace(" ", "_"), *OPERATIONS[kind])
            button.clicked.connect(lambda _=False, kind=kind: self._on_operation(kind))
            self._operations.append(button)
            if kind not in AMOUNTS:
                grid.addWidget(button, 0, len(self._operations) - 1)
                continue
            row = grid.rowCount()
            grid.addWidget(button, row, 0)
            grid.addWidget(self._amount(kind), row, 1)
        self.column.addLayout(grid)
        self.column.addLayout(_row(self._undo, self._redo))
        self.column.addWidget(self._hand)

    def _amount(self, kind: Kind) -> QDoubleSpinBox:
        box = QDoubleSpinBox()
        box.setObjectName(f"shaspec_{kind.replace(' ', '_')}_amount")
        box.setToolTip(OPERATIONS[kind][1])
        box.setRange(0.01, 1000.0)
        box.setDecimals(2)
        box.setSingleStep(AMOUNTS[kind][1])
        box.setValue(AMOUNTS[kind][1])
        self._amounts[kind] = box
        return box

    # -- showing the state -------------------------------------------------------------------------

    def show_task(self, task: Task | None) -> None:
        """The labels and regions of a task; None hides the row."""
        self.setVisible(task is not None)
        self._hand.setVisible(panel_of_plugin() is not None)
        if task is None or task == self._task:
            return
        self._task = task
        self._make_tools(task)
        with QSignalBlocker(self._region):
            self._region.clear()
            self._region.addItems(list(reversed(task.reported_regions)))
        for kind, box in self._amounts.items():
            box.setSuffix(f" {AMOUNTS[kind][0]}" if task.dims == 3 else " px")
        self._in_3d.setVisible(task.dims == 3)

    def show_tool(self, tool: int) -> None:
        """Presses the button of a tool."""
        for button in self._tools.buttons():
            with QSignalBlocker(button):
                button.setChecked(self._tools.id(button) == tool)

    def show_brush(self, size: int, in_3d: bool) -> None:
        """The settings of the brush."""
        with QSignalBlocker(self._size), QSignalBlocker(self._in_3d):
            self._size.setValue(size)
            self._in_3d.setChecked(in_3d)

    def show_undo(self, undo: bool, redo: bool) -> None:
        """What can be undone and redone."""
        self._undo.setEnabled(undo)
        self._redo.setEnabled(redo)

    def show_operating(self, busy: bool) -> None:
        """One operation at a time."""
        for button in self._operations:
            button.setEnabled(not busy)

    def set_paintable(self, on: bool) -> None:
        """False in 3D, where the regions are surfaces."""
        for button in self._tools.buttons():
            button.setEnabled(on)

    # -- actions of the user -----------------------------------------------------------------------

    def _make_tools(self, task: Task) -> None:
        for button in self._tools.buttons():
            self._tools.removeButton(button)
            button.deleteLater()
        for place, label in enumerate(task.labels):
            button = push_button(f"paint_{label.name}", label.name, f"Paint {label.title}")
            button.setIcon(_square(label))
            self._add_tool(button, label.value, place)
        eraser = push_button("eraser", "Eraser", "Erase labels of all kinds")
        self._add_tool(eraser, ERASER, len(task.labels))

    def _add_tool(self, button: QPushButton, tool: int, place: int) -> None:
        button.setCheckable(True)
        button.setMinimumWidth(NARROW)
        self._tools.addButton(button, tool)
        self._colours.addWidget(button, *divmod(place, COLUMNS))

    def _on_tool(self, tool: int) -> None:
        button = self._tools.button(tool)
        self.tool.emit(tool if button is not None and button.isChecked() else NO_TOOL)

    def _on_brush(self) -> None:
        self.brush.emit(self._size.value(), self._in_3d.isChecked())

    def _on_operation(self, kind: Kind) -> None:
        amount = self._amounts[kind].value() if kind in self._amounts else 0.0
        self.operated.emit(Operation(kind, self._region.currentText(), amount))


def _row(*widgets: QWidget) -> QHBoxLayout:
    row = QHBoxLayout()
    row.setSpacing(4)
    for widget in widgets:
        row.addWidget(widget, 0 if isinstance(widget, QLabel | QCheckBox) else 1)
    return row


def _square(label: Label) -> QIcon:
    """A square in the colour of a label."""
    picture = QPixmap(12, 12)
    picture.fill(QColor(label.colour))
    return QIcon(picture)
