"""The panel *Many cases*, connected to the controller."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from qtpy.QtCore import QSignalBlocker
from qtpy.QtWidgets import (
    QComboBox,
    QFileDialog,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QVBoxLayout,
    QWidget,
)

from napari_shaspec.cohort.controller import CohortController
from napari_shaspec.cohort.table import CohortTable
from napari_shaspec.widgets.controls import narrow, push_button
from napari_shaspec.widgets.large_type import follow_growth
from napari_shaspec.widgets.message_box import MessageBox, Steady
from napari_shaspec.widgets.panel import LowPanel
from napari_shaspec.widgets.run_bar import RunBar, Stop

if TYPE_CHECKING:
    from napari.components import ViewerModel

CONTROLS = 320  # pixels, width of the controls beside the table
CANCEL = Stop(
    "Cancel",
    "Stop after the current window; finished cases are kept",
    "Cancelling…",
    "Finishing the current window",
)


class CohortPanel(LowPanel):
    """Table on the left, controls on the right. Scripts can use ``controller`` directly."""

    def __init__(
        self, napari_viewer: ViewerModel, *, controller: CohortController | None = None
    ) -> None:
        control = controller or CohortController(napari_viewer)
        super().__init__(control, height=250)
        self.controller = control
        self.setObjectName("shaspec_many_cases")
        self.table = CohortTable()
        self.models = QComboBox()
        self.models.setObjectName("shaspec_cohort_model")
        self.models.setToolTip("The network that segments all cases")
        narrow(self.models)
        self.data = push_button("data", "Folder of cases…", "Choose a folder with many cases")
        self.out = push_button("out", "Results…", "Choose the folder of the results")
        self.run = RunBar("Segment all", "Segment every case that is not done yet", CANCEL)
        self.message = MessageBox()
        self.accept = push_button("accept", "Accept", "Mark the open result as accepted")
        self.reject = push_button("reject", "Reject", "Mark the open result as rejected")
        self.clear = push_button("clear_mark", "No mark", "Remove the mark of the open result")
        self._lay_out()
        self._connect()

    def _lay_out(self) -> None:
        side = QWidget()
        follow_growth(side, lambda factor: side.setFixedWidth(round(CONTROLS * (1 + factor) / 2)))
        column = QVBoxLayout(side)
        column.setContentsMargins(0, 0, 0, 0)
        grid, marks = QGridLayout(), QHBoxLayout()
        grid.addWidget(QLabel("Model"), 0, 0)
        grid.addWidget(self.models, 0, 1)
        grid.addWidget(self.data, 1, 0, 1, 1)
        grid.addWidget(self.out, 1, 1)
        for button in (self.accept, self.reject, self.clear):
            marks.addWidget(button)
        column.addLayout(grid)
        column.addWidget(self.run)
        column.addWidget(Steady(self.message, lines=4))
        column.addLayout(marks)
        column.addStretch(1)
        row = QHBoxLayout(self)
        row.setContentsMargins(8, 8, 8, 8)
        row.setSpacing(12)
        row.addWidget(self.table, 1)
        row.addWidget(side)

    def _connect(self) -> None:
        control = self.controller
        self.table.chosen.connect(control.review)
        self.models.activated.connect(lambda k: control.choose_model(self.models.itemData(k)))
        self.data.clicked.connect(self._on_data)
        self.out.clicked.connect(self._on_out)
        self.run.started.connect(control.segment)
        self.run.cancelled.connect(control.cancel)
        self.accept.clicked.connect(lambda: control.mark("accepted"))
        self.reject.clicked.connect(lambda: control.mark("rejected"))
        self.clear.clicked.connect(lambda: control.mark(""))
        self.follow(
            {
                "progress": self.run.show_progress,
                "message": self.message.show_message,
            },
            {
                self._show_models: ("models", "model"),
                self._show_rows: ("rows", "regions", "chosen", "pictures"),
                self._show_status: ("status", "rows", "out"),
            },
        )

    # -- actions of the user -----------------------------------------------------------------------

    def _on_data(self) -> None:
        folder = QFileDialog.getExistingDirectory(self, "Folder of cases")
        if folder:
            self.controller.open([folder])

    def _on_out(self) -> None:
        folder = QFileDialog.getExistingDirectory(self, "Folder of the results")
        if folder:
            self.controller.choose_out(folder)

    # -- showing the state -------------------------------------------------------------------------

    def _show_models(self) -> None:
        state = self.controller.state
        with QSignalBlocker(self.models):
            self.models.clear()
            for model in state.models:
                self.models.addItem(Path(model).name, model)
            self.models.setCurrentIndex(self.models.findData(state.model))

    def _show_rows(self) -> None:
        state = self.controller.state
        self.table.show_pictures(state.pictures)
        self.table.show_rows(state.rows, state.regions, state.chosen)
        row = state.chosen_row
        reviewed = row is not None and row.record is not None
        marks = {"accepted": self.accept, "rejected": self.reject, "": self.clear}
        for mark, button in marks.items():
            button.setEnabled(reviewed and row is not None and row.mark != mark)

    def _show_status(self) -> None:
        state, busy = self.controller.state, self.controller.state.status.busy
        self.run.show_status(state.status)
        self.run.setEnabled(bool(state.rows) or busy)
        self.models.setEnabled(not busy)
        self.data.setEnabled(not busy)
        self.out.setEnabled(not busy and state.data is not None)
        for button, path in ((self.data, state.data), (self.out, state.out)):
            if path is not None:
                button.setToolTip(str(path))
