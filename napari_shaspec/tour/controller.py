"""Controller of the guided tour: moves between steps and runs a step in the real panels.

It computes nothing itself: it waits for the jobs of the panels and shows their progress.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from napari_shaspec.case.opening import open_paths
from napari_shaspec.jobs import notifications
from napari_shaspec.jobs.state import Message, Status
from napari_shaspec.jobs.turns import later
from napari_shaspec.tour.actions import DrivenPanel, TourAction, TourActions
from napari_shaspec.tour.state import TourState
from napari_shaspec.tour.steps import load_steps
from shaspec.errors import ShaspecError

if TYPE_CHECKING:
    from napari.components import ViewerModel

CLOSED = "The panel of this step was closed. Press the button to open it again and continue."


class TourController:
    """``open_panel`` opens a panel by name; ``wait`` calls a function when the thread is idle."""

    def __init__(
        self,
        viewer: ViewerModel,
        open_panel: Callable[[str], DrivenPanel],
        wait: Callable[[Callable[[], None]], None] = later,
    ) -> None:
        self._viewer = viewer
        self._actions = TourActions(viewer, open_panel)
        self._wait = wait
        self._action: TourAction | None = None
        self._panel: DrivenPanel | None = None  # the panel whose job is running
        self._closed = False
        self.state = TourState(steps=load_steps())

    def go(self, steps: int) -> None:
        """Moves by ``steps`` steps (back if negative), within the tour."""
        at = self.state.at + steps
        if not self.state.status.busy and 0 <= at < len(self.state.steps):
            self.state.at = at
            self.state.message = Message()
            self.state.status = Status.IDLE

    def do(self) -> None:
        """Runs the current step in the panels."""
        if self.state.status.busy or self._closed:
            return
        self.state.message = Message()
        self.state.status = Status.LOADING
        self._action = getattr(self._actions, self.state.step.action)()
        self._continue()

    def cancel(self) -> None:
        """Stops the step, and the job it waits for."""
        if self._panel is not None:
            self._panel.controller.cancel()
        self._end(Status.IDLE, Message("Stopped. The panels are ready to use."))

    def open(self, paths: Sequence[str | Path]) -> None:
        """Opens a case folder, or the files of one case, and continues the tour with that case."""
        try:
            open_paths(self._viewer, paths)
        except ShaspecError as error:
            self.state.message = Message(str(error), "error")

    def close(self) -> None:
        """Ends the tour; panels and their jobs continue."""
        if not self._closed:
            self._closed = True
            for name in self.state.events:
                self.state.events[name].disconnect()  # the views may be deleted already
            self._disconnect()
            self._action = None

    # -- a step ------------------------------------------------------------------------------------

    def _continue(self) -> None:
        """Continues the step until it has to wait for the job of a panel."""
        last = self._panel
        self._disconnect()
        while self._action is not None:
            try:
                last = next(self._action)
            except StopIteration:
                message = last.controller.state.message if last else Message()
                failed = message.level == "error"
                self._end(Status.FAILED if failed else Status.DONE, message)
            except ShaspecError as error:
                self._end(Status.FAILED, Message(str(error), "error"))
            except Exception as error:  # noqa: BLE001 - a bug must not leave the tour busy
                self._end(Status.FAILED, Message(notifications.unforeseen(error), "error"))
            else:
                if last.controller.state.status.busy:
                    self._wait_for(last)
                    return

    def _wait_for(self, panel: DrivenPanel) -> None:
        self._panel = panel
        state = panel.controller.state
        state.events.status.connect(self._on_status)
        state.events.progress.connect(self._on_progress)
        panel.closed.connect(self._on_closed)
        self.state.status = Status.RUNNING
        self._on_progress()

    def _disconnect(self) -> None:
        panel, self._panel = self._panel, None
        if panel is not None:
            panel.closed.disconnect(self._on_closed)
            for name in ("status", "progress"):
                event = panel.controller.state.events[name]
                event.disconnect(getattr(self, f"_on_{name}"), missing_ok=True)

    def _end(self, status: Status, message: Message) -> None:
        self._disconnect()
        if self._action is not None:
            self._action.close()
            self._action = None
        self.state.message = message
        self.state.status = status

    # -- the panel whose job is running ------------------------------------------------------------

    def _on_status(self) -> None:
        """Waits until the thread is idle: the panel may start its next job immediately."""
        if self._panel is not None and not self._panel.controller.state.status.busy:
            self._wait(self._when_idle)

    def _when_idle(self) -> None:
        if self._panel is not None and not self._panel.controller.state.status.busy:
            self._continue()

    def _on_progress(self) -> None:
        if self._panel is not None:
            self.state.progress = self._panel.controller.state.progress

    def _on_closed(self) -> None:
        self._end(Status.IDLE, Message(CLOSED, "warning"))
