"""The panel *Two dates*: its widgets, connected to the controller."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from qtpy.QtCore import Qt
from qtpy.QtWidgets import QFileDialog, QHBoxLayout, QLabel, QWidget

from napari_shaspec.case.model_picker import ModelPicker
from napari_shaspec.dates.controller import DatesController
from napari_shaspec.dates.table import ChangeTable
from napari_shaspec.widgets.controls import push_button
from napari_shaspec.widgets.message_box import MessageBox, Steady
from napari_shaspec.widgets.pair_chooser import PairChooser
from napari_shaspec.widgets.panel import Panel, line
from napari_shaspec.widgets.run_bar import RunBar, Stop

if TYPE_CHECKING:
    from napari.components import ViewerModel

CANCEL = Stop(
    "Cancel", "Stop after the current window", "Cancelling…", "Finishing the current window"
)
REPORT_FILTER = "HTML (*.html);;PDF (*.pdf)"
REPORTS = (".html", ".htm", ".pdf")


class DatesPanel(Panel):
    """Model, two cases and the table of their change. Scripts can use ``controller``."""

    def __init__(
        self, napari_viewer: ViewerModel, *, controller: DatesController | None = None
    ) -> None:
        control = controller or DatesController(napari_viewer)
        super().__init__(control)
        self.controller = control
        self.setObjectName("shaspec_two_dates")
        self.models = ModelPicker()
        self.pair = PairChooser(
            ("earlier_case", "Earlier", "The case of the earlier date"),
            ("later_case", "Later", "The case of the later date of the same patient"),
            ("swap_dates", "Exchange the earlier and the later case"),
        )
        self.run = RunBar(
            "Measure change",
            "Segment both cases from the modalities that both have, and compare the regions",
            CANCEL,
        )
        self.message = MessageBox()
        self.table = ChangeTable()
        self.note = QLabel()
        self.note.setObjectName("shaspec_change_note")
        self.note.setTextFormat(Qt.TextFormat.PlainText)
        self.note.setWordWrap(True)
        self.save = push_button("save_change", "Save CSV…", "Save the table as CSV")
        self.report = push_button(
            "report_change",
            "Report…",
            "Write a report on the later date as HTML or PDF, with the table, a plot and the "
            "slices of the earlier date",
        )
        self.fill(
            self.models,
            line(),
            self.pair,
            self.run,
            Steady(self.message),
            self.table,
            self.note,
            self._files(),
        )
        self._connect()

    def _files(self) -> QWidget:
        self.files = QWidget()
        row = QHBoxLayout(self.files)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(4)
        for button in (self.save, self.report):
            row.addWidget(button, 1)
        return self.files

    def _connect(self) -> None:
        control = self.controller
        self.models.chosen.connect(self._on_model)
        self.pair.chosen.connect(self._on_choice)
        self.pair.swap.clicked.connect(control.swap)
        self.run.started.connect(control.measure)
        self.run.cancelled.connect(control.cancel)
        self.save.clicked.connect(self._on_save)
        self.report.clicked.connect(self._on_report)
        self.follow(
            {
                "progress": self.run.show_progress,
                "message": self.message.show_message,
                "card": self.models.show_card,
                "seen": self.models.show_seen,
            },
            {
                self._show_models: ("models", "model"),
                self._show_choice: ("cases", "earlier", "later"),
                self._show_measured: ("measured",),
                self._show_status: ("status", "cases", "earlier", "later"),
            },
        )

    # -- actions of the user -----------------------------------------------------------------------

    def _on_model(self, model: str) -> None:
        if not self.controller.choose_model(model):
            self._show_models()  # the combo box goes back to the model in use

    def _on_choice(self) -> None:
        self.controller.choose(*(box.currentText() for box in self.pair.boxes))

    def _on_save(self) -> None:
        path, _ = QFileDialog.getSaveFileName(
            self, "Save table", self._suggested("change.csv"), "Table (*.csv)"
        )
        if path:
            self.controller.save(path if path.lower().endswith(".csv") else f"{path}.csv")

    def _on_report(self) -> None:
        path, kind = QFileDialog.getSaveFileName(
            self, "Write report", self._suggested("change.html"), REPORT_FILTER
        )
        if path:
            ending = ".pdf" if kind.startswith("PDF") else ".html"
            given = Path(path).suffix.lower()
            self.controller.report(path if given in REPORTS else path + ending)

    def _suggested(self, ending: str) -> str:
        state = self.controller.state
        return str(Path.cwd() / f"{state.earlier}_{state.later}_{ending}")

    # -- showing the state -------------------------------------------------------------------------

    def _show_models(self) -> None:
        state = self.controller.state
        self.models.show_models(state.models, state.model)

    def _show_choice(self) -> None:
        state = self.controller.state
        chosen = (state.earlier, state.later)
        places = [state.cases.index(case) if case in state.cases else -1 for case in chosen]
        self.pair.show_items(state.cases, *places)

    def _show_measured(self) -> None:
        measured = self.controller.state.measured
        self.table.show_change(measured)
        self.note.setText(measured.note if measured is not None else "")
        for widget in (self.note, self.files):
            widget.setVisible(measured is not None)

    def _show_status(self) -> None:
        state, busy = self.controller.state, self.controller.state.status.busy
        two = bool(state.earlier and state.later)
        self.run.show_status(state.status)
        self.run.setEnabled(two or busy)
        for widget in (*self.pair.boxes, self.pair.swap):
            widget.setEnabled(two and not busy)
        for part in (self.models, self.files):
            part.setEnabled(not busy)
