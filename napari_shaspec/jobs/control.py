"""One job at a time, and what its panel shows of it: status, progress, messages.

The controllers of all panels hold one of these. It knows no engine: it is given a generator of
events, and passes on to its controller what the events mean.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from typing import Any

from napari_shaspec.jobs import notifications
from napari_shaspec.jobs.runner import Handlers, Runner
from napari_shaspec.jobs.state import JobState, Level, Message, Status
from shaspec.errors import ShaspecError
from shaspec.inference.events import Notice, Progress


class JobControl:
    """Starts and interrupts jobs; keeps ``status``, ``progress`` and ``message`` of a `JobState`.

    ``outcome`` is what the status will be once the job has ended; None: it was cancelled.
    """

    def __init__(self, state: JobState, run: Runner) -> None:
        self._state = state
        self._run = run
        self._stop = threading.Event()
        self.notices: list[str] = []
        self.outcome: Status | None = None

    def start(
        self,
        doing: str,
        events: Callable[[], Iterator[Any]],
        on_event: Callable[[Any], None],
        on_failed: Callable[[Exception], None],
        on_ended: Callable[[], None],
    ) -> None:
        """Starts a job.

        Args:
            doing: what the job does first, e.g. "loading the model"; the progress bar shows it.
            events: makes the generator that does the work; runs in a worker.
            on_event: gets each event, in this thread.
            on_failed: gets the error that ended the job.
            on_ended: is always called last; it sets the final status.
        """
        self._stop = threading.Event()
        self.notices, self.outcome = [], None
        self.say("")
        self._state.progress = Progress(0, 0, doing)
        self._state.status = Status.LOADING
        self._run(events, Handlers(on_event, on_failed, on_ended), self._stop)

    def interrupt(self) -> None:
        """Ends the job at its next event."""
        if self._state.status in (Status.LOADING, Status.RUNNING):
            self._stop.set()
            self._state.status = Status.CANCELLING

    def track(self, event: object) -> None:
        """Shows a `Progress` or a `Notice`, which is remembered for the end."""
        if isinstance(event, Progress):
            self._state.progress = event
            if event.total and self._state.status is Status.LOADING:
                self._state.status = Status.RUNNING
        elif isinstance(event, Notice):
            self.notices.append(event.text)
            self.say(event.text, "warning")
            notifications.info(event.text)

    def fail(self, error: Exception) -> None:
        """Says what went wrong: a mend for the user, or a bug of ours with its traceback."""
        if isinstance(error, ShaspecError):
            self.refuse(str(error))
        elif isinstance(error, MemoryError):
            self.refuse("out of memory: close other programs, or crop the volumes")
        else:
            self.say(f"unexpected: {error} (details in the notification)", "error")
            notifications.bug(error)
        self.outcome = Status.FAILED

    def succeed(self, text: str) -> None:
        """The job has what it was started for; its notices are shown with ``text``."""
        self.say("\n".join([text, *self.notices]), "warning" if self.notices else "info")
        self.outcome = Status.DONE

    def refuse(self, text: str) -> None:
        """What cannot be done and why, in the panel and as a notification."""
        self.say(text, "error")
        notifications.error(text)

    def say(self, text: str, level: Level = "info") -> None:
        """A sentence in the panel."""
        self._state.message = Message(text, level)
