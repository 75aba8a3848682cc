"""The button of a job, e.g. Segment -> Cancel -> Cancelling…, and its progress bar."""

from __future__ import annotations

from dataclasses import dataclass

from qtpy.QtCore import Signal
from qtpy.QtWidgets import QHBoxLayout, QProgressBar, QPushButton, QWidget

from napari_shaspec.jobs.state import Status
from napari_shaspec.widgets import theme
from shaspec.inference.events import Progress


@dataclass(frozen=True)
class Stop:
    """Texts of the button while a job runs, and while it is ending."""

    text: str
    tooltip: str
    ending: str
    ending_tooltip: str


CANCEL = Stop(
    "Cancel",
    "Stop after the current window; features computed so far are kept",
    "Cancelling…",
    "Finishing the current window",
)


class RunBar(QWidget):
    """Starts and cancels a job, and shows its progress."""

    started = Signal()
    cancelled = Signal()

    def __init__(
        self,
        text: str = "Segment",
        tooltip: str = "Segment the case from the ticked modalities",
        stop: Stop = CANCEL,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._status = Status.IDLE
        self._text, self._tooltip, self._stop = text, tooltip, stop
        self._button = QPushButton()
        self._button.setObjectName("shaspec_run")
        self._button.setMinimumHeight(30)
        self._button.clicked.connect(self._on_clicked)
        self._bar = QProgressBar()
        self._bar.setObjectName("shaspec_progress")
        self._bar.setMinimumHeight(30)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(self._button, 1)
        row.addWidget(self._bar, 2)
        theme.follow(self, self._restyle)
        self.show_status(Status.IDLE)

    def show_status(self, status: Status) -> None:
        """Updates the button; shows the bar while a job runs."""
        self._status = status
        self._button.setEnabled(status is not Status.CANCELLING)
        self._bar.setVisible(status.busy)
        if status is Status.CANCELLING:
            self._button.setText(self._stop.ending)
            self._button.setToolTip(self._stop.ending_tooltip)
        elif status.busy:
            self._button.setText(self._stop.text)
            self._button.setToolTip(self._stop.tooltip)
        else:
            self._button.setText(self._text)
            self._button.setToolTip(self._tooltip)
        self._restyle()

    def set_text(self, text: str, tooltip: str = "") -> None:
        """Sets the text of the button while no job runs."""
        self._text, self._tooltip = text, tooltip or self._tooltip
        self.show_status(self._status)

    def show_progress(self, progress: Progress) -> None:
        """Shows ``done`` of ``total`` units; a total of 0 shows a busy indicator."""
        self._bar.setRange(0, progress.total)
        self._bar.setValue(progress.done)
        # "%" is a placeholder in a progress bar's format.
        self._bar.setFormat(f"{progress.stage} · %p%" if progress.total else progress.stage)
        self._bar.setTextVisible(True)
        self._bar.setToolTip(progress.stage)

    def _on_clicked(self) -> None:
        (self.cancelled if self._status.busy else self.started).emit()

    def _restyle(self) -> None:
        if self._status.busy:
            self._button.setStyleSheet("")
            return
        back, over = theme.colour("current"), theme.colour("highlight")
        self._button.setStyleSheet(
            f"QPushButton {{ background-color: {back}; color: {theme.readable_on(back)}; "
            "font-weight: bold; }"
            f"QPushButton:hover {{ background-color: {over}; color: {theme.readable_on(over)}; }}"
        )
