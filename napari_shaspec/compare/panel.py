"""The panel *Compare*: two label maps of one patient, connected to the controller."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from qtpy.QtCore import QSignalBlocker, Qt
from qtpy.QtWidgets import (
    QButtonGroup,
    QFileDialog,
    QGridLayout,
    QLabel,
    QSlider,
    QWidget,
)

from napari_shaspec.compare.controller import CompareController
from napari_shaspec.compare.showing import HOLD
from napari_shaspec.compare.state import Shown
from napari_shaspec.compare.swipe import SwipeView
from napari_shaspec.compare.table import AgreementTable
from napari_shaspec.layers.maps import SIDES
from napari_shaspec.widgets.controls import push_button
from napari_shaspec.widgets.message_box import MessageBox, Steady
from napari_shaspec.widgets.pair_chooser import PairChooser
from napari_shaspec.widgets.panel import Panel
from napari_shaspec.widgets.run_bar import RunBar, Stop

if TYPE_CHECKING:
    from napari.components import ViewerModel
    from napari.layers import Layer

STEPS = 1000  # of the slider
CANCEL = Stop("Cancel", "Stop after the current region", "Cancelling…", "Finishing a region")
BUTTONS = {
    Shown.FIRST: ("A", "Show only A"),
    Shown.SECOND: ("B", "Show only B"),
    Shown.DIFFERENCE: ("Difference", "Show where only A, only B, and both have the region"),
    Shown.SWIPE: ("Swipe", "Show A left and B right of a line that you drag on the canvas"),
}


class ComparePanel(Panel):
    """Two lists of layers, the table and what is shown. Scripts can use ``controller``."""

    def __init__(
        self, napari_viewer: ViewerModel, *, controller: CompareController | None = None
    ) -> None:
        control = controller or CompareController(napari_viewer)
        super().__init__(control)
        self.controller = control
        self.setObjectName("shaspec_compare")
        self.pair = PairChooser(
            ("first_layer", "A", "First label map, A"),
            ("second_layer", "B", "Second label map, B"),
            ("swap", "Exchange A and B"),
        )
        self.run = RunBar("Compare", "Compute Dice, HD95 and the change of every region", CANCEL)
        self.message = MessageBox()
        self.table = AgreementTable()
        self.legend = QLabel()
        self.legend.setObjectName("shaspec_compare_legend")
        self.legend.setWordWrap(True)
        self.hold = push_button(
            "hold",
            "Hold to flicker",
            f"Show B instead of A while the mouse button is down. On the canvas, hold {HOLD}",
        )
        self.line = QSlider(Qt.Orientation.Horizontal)
        self.line.setObjectName("shaspec_line")
        self.line.setRange(0, STEPS)
        self.line.setToolTip("Where the line between A and B is")
        self.swipe = SwipeView(napari_viewer, control.move_line)
        self.save = push_button("save_agreement", "Save table…", "Save the table as CSV")
        self._shown = {
            content: push_button(content.value, *texts) for content, texts in BUTTONS.items()
        }
        self.fill(
            self.pair,
            self.run,
            Steady(self.message),
            self.table,
            self.legend,
            self._show_bar(),
            self.line,
            self.save,
        )
        self._connect()

    def _show_bar(self) -> QWidget:
        bar, group = QWidget(), QButtonGroup(self)
        grid = QGridLayout(bar)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setSpacing(4)
        places = {
            Shown.FIRST: (0, 0, 1, 1),
            Shown.SECOND: (0, 1, 1, 1),
            Shown.DIFFERENCE: (0, 2, 1, 2),
            Shown.SWIPE: (1, 0, 1, 2),
        }
        for content, button in self._shown.items():
            button.setCheckable(True)
            button.clicked.connect(lambda _=False, content=content: self.controller.show(content))
            group.addButton(button)
            grid.addWidget(button, *places[content])
        grid.addWidget(self.hold, 1, 2, 1, 2)
        for column in range(4):
            grid.setColumnStretch(column, 1)
        self._group = group
        return bar

    def _connect(self) -> None:
        control = self.controller
        self.pair.chosen.connect(self._on_choice)
        self.pair.swap.clicked.connect(control.swap)
        self.run.started.connect(control.compare)
        self.run.cancelled.connect(control.cancel)
        self.table.chosen.connect(control.show_region)
        self.line.valueChanged.connect(lambda value: control.move_line(value / STEPS))
        self.closed.connect(self.swipe.close)
        self.hold.pressed.connect(lambda: control.hold(True))
        self.hold.released.connect(lambda: control.hold(False))
        self.save.clicked.connect(self._on_save)
        self.follow(
            {
                "status": self.run.show_status,
                "progress": self.run.show_progress,
                "message": self.message.show_message,
            },
            {
                self._show_choice: ("choices", "images", "names", "first", "second"),
                self._show_line: ("swiping", "line"),
                self._show_comparison: ("comparison", "region", "status"),
                self._show_shown: ("shown", "comparison", "first", "second"),
            },
        )

    # -- actions of the user -----------------------------------------------------------------------

    def _on_choice(self) -> None:
        layers = (*self.controller.state.choices, *self.controller.state.images)
        places = (box.currentIndex() for box in self.pair.boxes)  # -1: nothing is chosen there
        self.controller.choose(*(layers[place] if place >= 0 else None for place in places))

    def _on_save(self) -> None:
        path, _ = QFileDialog.getSaveFileName(
            self, "Save table", str(Path.cwd() / "comparison.csv"), "Table (*.csv)"
        )
        if path:
            self.controller.save(path if path.lower().endswith(".csv") else f"{path}.csv")

    # -- showing the state -------------------------------------------------------------------------

    def _show_choice(self) -> None:
        state = self.controller.state
        layers: list[Layer] = [*state.choices, *state.images]
        names = [state.names.get(id(layer), layer.name) for layer in layers]
        chosen = (state.first, state.second)
        places = [layers.index(la) if la is not None and la in layers else -1 for la in chosen]
        self.pair.show_items(names, *places)
        self.pair.swap.setEnabled(state.first is not None and state.second is not None)
        self.hold.setEnabled(state.two)
        self.run.setEnabled(state.two and state.first in state.choices)

    def _show_line(self) -> None:
        state = self.controller.state
        self.swipe.show(state.swiping, state.line)
        self.line.setVisible(bool(state.swiping))
        with QSignalBlocker(self.line):
            self.line.setValue(round(STEPS * state.line))

    def _show_comparison(self) -> None:
        state = self.controller.state
        self.table.show_comparison(state.comparison, state.region)
        self.save.setVisible(state.comparison is not None)
        self.save.setEnabled(not state.status.busy)
        self.legend.setVisible(state.comparison is not None)
        texts = {1: "only A", 2: "only B", 3: "both"}
        parts = [f'<span style="color:{SIDES[k]}">■</span> {text}' for k, text in texts.items()]
        self.legend.setText(f"{state.region}: " + " &nbsp; ".join(parts))

    def _show_shown(self) -> None:
        state = self.controller.state
        enabled: dict[Shown, Callable[[], bool]] = {
            Shown.FIRST: lambda: state.first is not None,
            Shown.SECOND: lambda: state.second is not None,
            Shown.DIFFERENCE: lambda: state.comparison is not None,
            Shown.SWIPE: lambda: state.two and state.first is not state.second,
        }
        self._group.setExclusive(False)
        for content, button in self._shown.items():
            button.setEnabled(enabled[content]())
            button.setChecked(state.shown is content)
        self._group.setExclusive(True)
