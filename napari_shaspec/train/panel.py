"""The panel *Train*: form, cases, run, losses and validations."""

from __future__ import annotations

from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

from qtpy.QtWidgets import QPlainTextEdit, QPushButton

from napari_shaspec.jobs import notifications
from napari_shaspec.train.case_table import TrainingTable
from napari_shaspec.train.controller import TrainController
from napari_shaspec.train.form import TrainFormView
from napari_shaspec.train.loss_plot import LossPlot
from napari_shaspec.train.validation_view import ValidationView
from napari_shaspec.widgets.large_type import FontWatch
from napari_shaspec.widgets.message_box import MessageBox
from napari_shaspec.widgets.panel import Panel
from napari_shaspec.widgets.run_bar import RunBar, Stop

if TYPE_CHECKING:
    from napari.components import ViewerModel

LINES = 4  # messages visible at once
STOP = Stop(
    "Stop",
    "Stop after the current step and save a checkpoint",
    "Stopping…",
    "Finishing the current step, then saving a checkpoint",
)
START_TIP = "Train in a separate process; closing napari stops it with a checkpoint"
RESUME_TIP = "Resume from the checkpoint in the run folder; minutes, steps and device may differ"

_LEFT: WeakKeyDictionary[ViewerModel, TrainController] = WeakKeyDictionary()
"""The run whose panel was closed, of each viewer; it goes with its viewer."""


def _left(viewer: ViewerModel | None) -> TrainController | None:
    """Takes the run whose panel was closed in a viewer; None: there is none, or it has ended."""
    control = None if viewer is None else _LEFT.pop(viewer, None)
    return control if control is not None and control.state.lines else None


class TrainPanel(Panel):
    """Widgets of a `TrainController`. Scripts can use ``controller`` directly."""

    def __init__(
        self,
        napari_viewer: ViewerModel | None = None,
        *,
        controller: TrainController | None = None,
    ) -> None:
        # Plugins get a proxy. Training uses no layers.
        self._viewer = getattr(napari_viewer, "__wrapped__", napari_viewer)
        control = controller or _left(self._viewer) or TrainController()
        super().__init__(control)
        self.controller = control
        self.form = TrainFormView()
        self.cases = TrainingTable()
        self.check = QPushButton("Read all cases")
        self.run = RunBar("Start", START_TIP, STOP)
        self.message = MessageBox()
        self.losses = LossPlot()
        self.validation = ValidationView()
        self.lines = QPlainTextEdit()
        self._build()
        self._connect()

    def _end(self) -> None:
        """A run goes on, and the next panel of this viewer shows it."""
        if self._viewer is None or not self.controller.leave():
            super()._end()
            return
        self.destroyed.disconnect(self.controller.close)
        _LEFT[self._viewer] = self.controller
        folder = self.controller.state.form.out
        notifications.info(
            f"The training in {folder} goes on. Open the panel Train again to see or stop it; "
            "closing napari stops it with a checkpoint."
        )

    def _build(self) -> None:
        self.setObjectName("shaspec_train")
        self.check.setObjectName("shaspec_check")
        self.check.setToolTip("Read every case as the run would, to find broken files")
        self.lines.setObjectName("shaspec_lines")
        self.lines.setReadOnly(True)
        self.lines.setToolTip("Messages of the run")
        FontWatch(self.lines, self._fit_lines)
        self.fill(
            self.form, self.cases, self.check, self.run, self.message, self.losses,
            self.validation, self.lines,
        )  # fmt: skip

    def _fit_lines(self) -> None:
        self.lines.setFixedHeight((LINES + 1) * self.lines.fontMetrics().lineSpacing())

    def _connect(self) -> None:
        control = self.controller
        self.form.changed.connect(lambda values: control.change(**values))
        self.form.data_chosen.connect(control.choose_data)
        self.form.out_chosen.connect(control.choose_out)
        self.form.new_asked.connect(control.new_run)
        self.check.clicked.connect(control.check)
        self.run.started.connect(control.start)
        self.run.cancelled.connect(control.stop)
        self.follow(
            {
                "form": self.form.show_form,
                "validations": self.validation.show_validations,
                "progress": self.run.show_progress,
                "message": self.message.show_message,
            },
            {
                self._show_cases: ("cases", "scanning"),
                self._show_status: ("status", "scanning", "resumable"),
                self._show_losses: ("curve", "step"),
                self._show_lines: ("lines",),
            },
        )

    # -- showing the state -------------------------------------------------------------------------

    def _show_cases(self) -> None:
        self.cases.show_cases(self.controller.state.cases)
        self.check.setVisible(self.controller.state.cases is not None)

    def _show_status(self) -> None:
        state = self.controller.state
        resume = state.resumable
        self.run.set_text("Resume" if resume else "Start", RESUME_TIP if resume else START_TIP)
        self.run.show_status(state.status)
        self.run.setEnabled(not state.scanning)
        self.form.setEnabled(not state.status.busy)
        self.check.setEnabled(not (state.status.busy or state.scanning))

    def _show_losses(self) -> None:
        """The curve grows in place; the event of ``step`` signals a change."""
        self.losses.show_curve(self.controller.state.curve)

    def _show_lines(self) -> None:
        lines = self.controller.state.lines
        self.lines.setVisible(bool(lines))
        self.lines.setPlainText("\n".join(lines))
        bar = self.lines.verticalScrollBar()
        if bar is not None:
            bar.setValue(bar.maximum())
