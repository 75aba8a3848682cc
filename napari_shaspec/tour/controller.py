"""What the guided tour can do: go from step to step, and have a step done in the real panels.

It computes nothing itself: while a panel works it waits, and shows the panel's progress as its own.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from napari_shaspec.case.opening import open_paths
from napari_shaspec.jobs import notifications
from napari_shaspec.jobs.runner import later
from napari_shaspec.jobs.state import Message, Status
from napari_shaspec.tour.actions import Deed, DrivenPanel, TourActions
from napari_shaspec.tour.state import TourState
from napari_shaspec.tour.steps import load_steps
from shaspec.errors import ShaspecError

if TYPE_CHECKING:
    from napari.components import ViewerModel

CLOSED = "The panel of this step was closed. Press the button to open it again and go on."


class TourController:
    """``open_panel`` opens a panel by its name; ``wait`` calls when the thread is free again."""

    def __init__(
        self,
        viewer: ViewerModel,
        open_panel: Callable[[str], DrivenPanel],
        wait: Callable[[Callable[[], None]], None] = later,
    ) -> None:
        self._viewer = viewer
        self._deeds = TourActions(viewer, open_panel)
        self._wait = wait
        self._deed: Deed | None = None
        self._panel: DrivenPanel | None = None  # the one that is waited for
        self._closed = False
        self.state = TourState(steps=load_steps())

    def go(self, steps: int) -> None:
        """Reads so many steps on (back, if negative), if they are there."""
        at = self.state.at + steps
        if not self.state.status.busy and 0 <= at < len(self.state.steps):
            self.state.at = at
            self.state.message = Message()
            self.state.status = Status.IDLE

    def do(self) -> None:
        """Does the step that is read, in the panels."""
        if self.state.status.busy or self._closed:
            return
        self.state.message = Message()
        self.state.status = Status.LOADING
        self._deed = getattr(self._deeds, self.state.step.deed)()
        self._go_on()

    def cancel(self) -> None:
        """Ends the step, and the job of the panel that it waits for."""
        if self._panel is not None:
            self._panel.controller.cancel()
        self._end(Status.IDLE, Message("Stopped. The panels can be used as they are."))

    def open(self, paths: Sequence[str | Path]) -> None:
        """Opens a case folder, or files that make up one: the tour goes on with that patient."""
        try:
            open_paths(self._viewer, paths)
        except ShaspecError as error:
            self.state.message = Message(str(error), "error")

    def close(self) -> None:
        """Leaves the panels and their jobs to the user."""
        if not self._closed:
            self._closed = True
            for name in self.state.events:
                self.state.events[name].disconnect()  # a view may be gone by now
            self._let_go()
            self._deed = None

    # -- a step ------------------------------------------------------------------------------------

    def _go_on(self) -> None:
        """Goes on with the step until a panel is to be waited for."""
        last = self._panel
        self._let_go()
        while self._deed is not None:
            try:
                last = next(self._deed)
            except StopIteration:
                said = last.controller.state.message if last else Message()
                failed = said.level == "error"
                self._end(Status.FAILED if failed else Status.DONE, said)
            except ShaspecError as error:
                self._end(Status.FAILED, Message(str(error), "error"))
            except Exception as error:  # noqa: BLE001 - a bug of ours must not leave it busy
                self._end(Status.FAILED, Message(f"unexpected: {error}", "error"))
                notifications.bug(error)
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

    def _let_go(self) -> None:
        panel, self._panel = self._panel, None
        if panel is not None:
            panel.closed.disconnect(self._on_closed)
            for name in ("status", "progress"):
                event = panel.controller.state.events[name]
                event.disconnect(getattr(self, f"_on_{name}"), missing_ok=True)

    def _end(self, status: Status, message: Message) -> None:
        self._let_go()
        if self._deed is not None:
            self._deed.close()
            self._deed = None
        self.state.message = message
        self.state.status = status

    # -- the panel that is waited for --------------------------------------------------------------

    def _on_status(self) -> None:
        """Not at once: the panel may begin its next job right after it has ended this one."""
        if self._panel is not None and not self._panel.controller.state.status.busy:
            self._wait(self._when_idle)

    def _when_idle(self) -> None:
        if self._panel is not None and not self._panel.controller.state.status.busy:
            self._go_on()

    def _on_progress(self) -> None:
        if self._panel is not None:
            self.state.progress = self._panel.controller.state.progress

    def _on_closed(self) -> None:
        self._end(Status.IDLE, Message(CLOSED, "warning"))
