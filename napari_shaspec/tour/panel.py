"""The panel *Guided tour*: shows one step at a time, below the canvas."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtCore import Qt
from qtpy.QtWidgets import QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from napari_shaspec.tour.controller import TourController
from napari_shaspec.widgets.message_box import MessageBox
from napari_shaspec.widgets.panel import LowPanel, opener
from napari_shaspec.widgets.run_bar import RunBar, Stop

if TYPE_CHECKING:
    from napari.components import ViewerModel

BUTTONS = 240  # width in pixels
DO_TIP = "Run this step in the panels, with the earlier steps that it needs"
STOP = Stop(
    "Stop", "Stop the step and its job", "Stopping…", "The job stops after the current window"
)


class TourPanel(LowPanel):
    """Text on the left, buttons on the right. Scripts can use ``controller`` directly."""

    def __init__(
        self, napari_viewer: ViewerModel, *, controller: TourController | None = None
    ) -> None:
        control = controller or TourController(napari_viewer, opener(napari_viewer))
        super().__init__(control, height=180)
        self.controller = control
        self.setObjectName("shaspec_tour")
        self.title, self.text, self.ask = (self._label(n) for n in ("title", "text", "ask"))
        self.message = MessageBox()
        self.run = RunBar("Do it for me", DO_TIP, STOP)
        self.back, self.next = QPushButton("Back"), QPushButton("Next")
        self.back.setObjectName("shaspec_back")
        self.back.setToolTip("Show the previous step; nothing is undone")
        self.next.setObjectName("shaspec_next")
        self.next.setToolTip("Show the next step; it runs only when you press Do it for me")
        self._lay_out()
        self._connect()

    def _label(self, name: str) -> QLabel:
        label = QLabel()
        label.setObjectName(f"shaspec_tour_{name}")
        label.setTextFormat(Qt.TextFormat.PlainText)
        label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        label.setWordWrap(True)
        return label

    def _lay_out(self) -> None:
        bold, italic = self.title.font(), self.ask.font()
        bold.setBold(True)
        italic.setItalic(True)
        self.title.setFont(bold)
        self.ask.setFont(italic)
        whole, reading, buttons = QWidget(), QVBoxLayout(), QVBoxLayout()
        reading.setSpacing(4)
        for view in (self.title, self.text, self.ask, self.message):
            reading.addWidget(view)
        reading.addStretch(1)
        turning = QHBoxLayout()
        turning.addWidget(self.back)
        turning.addWidget(self.next)
        buttons.addWidget(self.run)
        buttons.addLayout(turning)
        buttons.addStretch(1)
        row = QHBoxLayout(whole)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(16)
        row.addLayout(reading, 1)
        row.addLayout(buttons)
        for button in (self.back, self.next):
            button.setMinimumWidth(BUTTONS // 2 - 4)
        self.run.setMinimumWidth(BUTTONS)
        self.fill(whole)

    def _connect(self) -> None:
        control = self.controller
        self.run.started.connect(control.do)
        self.run.cancelled.connect(control.cancel)
        self.back.clicked.connect(lambda: control.go(-1))
        self.next.clicked.connect(lambda: control.go(1))
        self.follow(
            {
                "progress": self.run.show_progress,
                "message": self.message.show_message,
            },
            {self._show_step: ("at", "status")},
        )

    # -- showing the state -------------------------------------------------------------------------

    def _show_step(self) -> None:
        state = self.controller.state
        self.title.setText(f"{state.at + 1} of {len(state.steps)} · {state.step.title}")
        self.text.setText(state.step.text)
        self.ask.setText(f"Ask the class: {state.step.ask}")
        self.run.show_status(state.status)
        self.back.setEnabled(not state.status.busy and state.at > 0)
        self.next.setEnabled(not state.status.busy and state.at < len(state.steps) - 1)
