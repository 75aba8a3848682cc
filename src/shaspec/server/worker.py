"""One thread computes, run after run in the order of arrival; each run reports to its client."""

from __future__ import annotations

import asyncio
import logging
import secrets
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from shaspec.errors import InputError, OutOfMemoryError
from shaspec.memory import is_out_of_memory
from shaspec.remote.wire import Failed
from shaspec.server.refusals import RefusedError

LOG = logging.getLogger(__name__)
END = object()
"""Comes after the last event of a run."""
BROKEN = "the server failed on this request; its administrator finds the reason in its log"


@dataclass(eq=False)
class Job:
    """A run that waits, runs, or sends its result."""

    queue: asyncio.Queue[Any] = field(default_factory=asyncio.Queue)
    """Its events, the last one `END`."""
    name: str = field(default_factory=lambda: secrets.token_urlsafe(24))
    """Known to its client alone."""
    stop: threading.Event = field(default_factory=threading.Event)
    """Set: it ends before its next event."""
    running: bool = False
    computed: bool = False
    """True when it needs the thread no more."""
    future: Future[None] | None = None


class Worker:
    """The thread and its jobs. Its methods are for the thread of the event loop.

    Args:
        most: jobs at a time.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._thread = ThreadPoolExecutor(1, "shaspec-run")
        self._jobs: dict[str, Job] = {}

    def __len__(self) -> int:
        return len(self._jobs)

    def check_room(self) -> None:
        """Raise `RefusedError` if too many jobs wait."""
        if len(self._jobs) >= self._most:
            raise RefusedError(
                503, f"{len(self._jobs)} runs are waiting on the server: try again in a minute"
            )

    def start(self, events: Callable[[], Iterator[Any]], ended: Callable[[], None]) -> Job:
        """Let a job wait for its turn.

        Args:
            events: begins it, in the thread that computes.
            ended: called when it needs nothing more, also if it never began.
        """
        job, loop = Job(), asyncio.get_running_loop()
        self._jobs[job.name] = job

        def put(event: Any) -> None:
            with suppress(RuntimeError):  # the server has ended
                loop.call_soon_threadsafe(job.queue.put_nowait, event)

        job.future = self._thread.submit(_work, job, events, put)
        job.future.add_done_callback(lambda _: ended())
        return job

    def before(self, job: Job) -> int:
        """Jobs that compute before this one."""
        names = list(self._jobs)
        earlier = names[: names.index(job.name)] if job.name in self._jobs else []
        return sum(not self._jobs[name].computed for name in earlier)

    def cancel(self, name: str) -> None:
        """End a job; an unknown one has ended."""
        if job := self._jobs.get(name):
            job.stop.set()
            if job.future is not None and job.future.cancel():
                job.queue.put_nowait(END)

    def end(self, job: Job) -> None:
        """Forget a job, whether or not it has ended."""
        self.cancel(job.name)
        self._jobs.pop(job.name, None)

    def close(self) -> None:
        """End all jobs; waits for the present step."""
        for name in list(self._jobs):
            self.cancel(name)
        self._thread.shutdown(wait=True, cancel_futures=True)


def _work(job: Job, events: Callable[[], Iterator[Any]], put: Callable[[Any], None]) -> None:
    job.running = True
    try:
        stream = events()
        for event in stream:
            if job.stop.is_set():
                break
            put(event)
        close = getattr(stream, "close", None)
        if close is not None:
            close()
    except Exception as error:  # noqa: BLE001 - all are reported
        put(_failure(error))
    finally:
        job.computed = True
        put(END)


def _failure(error: Exception) -> Failed:
    """What a client is told: never a path or a traceback of this machine."""
    if isinstance(error, OutOfMemoryError):
        return Failed(kind="memory", text=str(error))
    if isinstance(error, InputError):
        return Failed(kind="input", text=str(error))
    LOG.error("a run failed", exc_info=error)
    if is_out_of_memory(error):
        return Failed(kind="memory", text="out of memory on the server: try again later")
    return Failed(kind="server", text=BROKEN)
