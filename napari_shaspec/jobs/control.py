"""Runs one job at a time, and updates status, progress and message of its panel.

The controller of every panel holds one. It is independent of the engine: it runs a generator of
events and passes them to the controller.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from typing import Any

from napari_shaspec.jobs import notifications
from napari_shaspec.jobs.runner import Handlers, Runner
from napari_shaspec.jobs.state import JobState, Level, Message, Status
from napari_shaspec.jobs.turns import Steps
from napari_shaspec.jobs.wording import in_window
from shaspec.errors import ShaspecError
from shaspec.inference.events import Notice, Progress
from shaspec.memory import is_out_of_memory


class JobControl:
    """Starts and interrupts jobs; updates ``status``, ``progress`` and ``message`` of a `JobState`.

    ``outcome`` is the status after the job has ended; None: it was cancelled.
    """

    def __init__(self, state: JobState, run: Runner) -> None:
        self._state = state
        self._run = run
        self._stop = threading.Event()
        self._closed = False
        self.notices: list[str] = []
        self.outcome: Status | None = None

    def start(
        self,
        doing: str,
        events: Callable[[], Iterator[Any]],
        on_event: Callable[[Any], Steps | None],
        on_ended: Callable[[], None],
        on_failed: Callable[[Exception], None] | None = None,
    ) -> None:
        """Starts a job.

        Args:
            doing: first stage of the job, e.g. "loading the model", shown in the progress bar.
            events: makes the generator of events; runs in a worker.
            on_event: called with each event, in this thread; may return steps, see `Handlers`.
            on_ended: always called last; sets the final status.
            on_failed: called with the error that ended the job; default: `fail`.
        """
        self._stop = threading.Event()
        self.notices, self.outcome = [], None
        self.say("")
        self._state.progress = Progress(0, 0, doing)
        self._state.status = Status.LOADING
        self._run(events, Handlers(on_event, on_failed or self.fail, on_ended), self._stop)

    def interrupt(self) -> None:
        """Ends the job at its next event."""
        if self._state.status in (Status.LOADING, Status.RUNNING):
            self._stop.set()
            self._state.status = Status.CANCELLING

    def close(self) -> None:
        """Ends the job; errors after that are not shown, because the panel is gone."""
        self._closed = True
        self.interrupt()

    def track(self, event: object) -> None:
        """Shows a `Progress` or a `Notice`; notices are kept for the final message."""
        if isinstance(event, Progress):
            self._state.progress = event
            if event.total and self._state.status is Status.LOADING:
                self._state.status = Status.RUNNING
        elif isinstance(event, Notice):
            self.notices.append(event.text)
            self.say(event.text, "warning")
            notifications.info(in_window(event.text))

    def fail(self, error: Exception) -> None:
        """Shows an error that ended the job."""
        self.show_error(error)
        self.outcome = Status.FAILED

    def show_error(self, error: Exception) -> None:
        """Shows an error: what to do about it, or the traceback if it is a bug.

        The outcome of the job stays: work beside the job, such as saving, may fail while it runs.
        """
        if self._closed:
            return
        if isinstance(error, ShaspecError):
            self.refuse(str(error))
        elif is_out_of_memory(error):
            self.refuse("out of memory: close other programs, or crop the volumes")
        else:
            self.say(notifications.unforeseen(error), "error")

    def succeed(self, text: str) -> None:
        """Marks the job as done and shows ``text`` with the notices of the job."""
        self.say("\n".join([text, *self.notices]), "warning" if self.notices else "info")
        self.outcome = Status.DONE

    def refuse(self, text: str) -> None:
        """Shows an error in the panel and as a notification."""
        self.say(text, "error")
        notifications.error(in_window(text))

    def forget_error(self) -> None:
        """Removes the message of an error, e.g. of a file, when another file is opened."""
        if self._state.message.level == "error":
            self.say("")

    def say(self, text: str, level: Level = "info") -> None:
        """Shows a message in the panel."""
        self._state.message = Message(in_window(text), level)
