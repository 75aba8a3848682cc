"""Runs an engine generator: in a thread of napari's, or right here for tests and scripts.

Two facts shape this module. A napari worker swallows a ``RuntimeError`` (every CUDA error is one)
and then neither errs nor finishes, so the boundary turns it into a `JobError`. And a worker that
is quit leaves its generator suspended until it is collected, so cancelling goes through a flag
that the generator's own thread looks at after each event: what it holds is released at once.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

E = TypeVar("E")
"""The events of a job, whatever they are."""


class JobError(Exception):
    """A ``RuntimeError`` out of an engine generator, in a shape that a worker reports."""


@dataclass(frozen=True)
class Handlers(Generic[E]):
    """Who is told, always in the thread that started the job; ``ended`` comes last, always."""

    event: Callable[[E], None]
    failed: Callable[[Exception], None]
    ended: Callable[[], None]


class Runner(Protocol):
    """Starts ``work``; ``stop`` being set ends it at its next event."""

    def __call__(
        self, job: Callable[[], Iterator[E]], handlers: Handlers[E], stop: threading.Event
    ) -> None: ...


def guarded(job: Callable[[], Iterator[E]], stop: threading.Event) -> Generator[E, None, None]:
    """The events of ``work()`` until ``stop`` is set; a ``RuntimeError`` becomes a `JobError`."""
    if stop.is_set():
        return
    try:
        events = job()
        try:
            for event in events:
                yield event
                if stop.is_set():
                    return
        finally:
            close = getattr(events, "close", None)
            if close is not None:
                close()
    except RuntimeError as error:
        raise JobError(f"{type(error).__name__}: {error}") from error


def run_in_worker(
    job: Callable[[], Iterator[E]], handlers: Handlers[E], stop: threading.Event
) -> None:
    """In a napari worker thread; napari knows of it and asks before it closes."""
    from napari.qt.threading import create_worker

    events = guarded(job, stop)

    def body() -> Iterator[E]:
        yield from events

    def finished() -> None:
        events.close()  # napari itself quits the worker when its window is closed
        handlers.ended()

    # Errors are reported by the handlers, in words for a user; napari need not raise them again.
    worker = create_worker(body, _start_thread=False, _ignore_errors=True)
    worker.yielded.connect(handlers.event)
    worker.errored.connect(handlers.failed)
    worker.finished.connect(finished)
    worker.start()


def run_here(job: Callable[[], Iterator[E]], handlers: Handlers[E], stop: threading.Event) -> None:
    """In this thread, before it returns: for scripts and tests."""
    try:
        for event in guarded(job, stop):
            handlers.event(event)
    except Exception as error:  # noqa: BLE001 - whatever it is, the handlers report it
        handlers.failed(error)
    handlers.ended()


def later(call: Callable[[], None]) -> None:
    """Calls when this thread is through with what it is doing now."""
    from qtpy.QtCore import QTimer

    QTimer.singleShot(0, call)
