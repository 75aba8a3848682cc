"""Runs an engine generator in a napari worker thread, or in this thread for tests and scripts.

Two properties of napari workers matter here. A worker swallows a ``RuntimeError`` (as every CUDA
error is) and then neither reports an error nor finishes, so it is converted to a `JobError`. A
worker that is quit leaves its generator suspended until garbage collection, so cancelling uses a
flag that the generator's thread checks after each event, which releases its memory at once.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

E = TypeVar("E")
"""The events of a job."""


class JobError(Exception):
    """A ``RuntimeError`` of an engine generator, as an exception that a worker reports."""


@dataclass(frozen=True)
class Handlers(Generic[E]):
    """Callbacks, called in the thread that started the job; ``ended`` is always called last."""

    event: Callable[[E], None]
    failed: Callable[[Exception], None]
    ended: Callable[[], None]


class Runner(Protocol):
    """Starts ``job``; setting ``stop`` ends it at its next event."""

    def __call__(
        self, job: Callable[[], Iterator[E]], handlers: Handlers[E], stop: threading.Event
    ) -> None: ...


def guarded(job: Callable[[], Iterator[E]], stop: threading.Event) -> Generator[E, None, None]:
    """The events of ``job()`` until ``stop`` is set; a ``RuntimeError`` becomes a `JobError`."""
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
    """Runs a job in a napari worker thread; napari asks before it closes during a job."""
    from napari.qt.threading import create_worker

    events = guarded(job, stop)

    def body() -> Iterator[E]:
        yield from events

    def finished() -> None:
        for signal, slot in slots:  # napari keeps workers as long as their window, with their slots
            signal.disconnect(slot)
        try:
            events.close()  # napari quits the worker when its window is closed
        except Exception as error:  # noqa: BLE001 - what ends a job must not keep it from ending
            handlers.failed(error)
        finally:
            handlers.ended()

    # The handlers report errors, so napari must not raise them again.
    worker = create_worker(body, _start_thread=False, _ignore_errors=True)
    slots = (
        (worker.yielded, handlers.event),
        (worker.errored, handlers.failed),
        (worker.finished, finished),
    )
    for signal, slot in slots:
        signal.connect(slot)
    worker.start()


def run_here(job: Callable[[], Iterator[E]], handlers: Handlers[E], stop: threading.Event) -> None:
    """Runs a job in this thread and returns when it has ended: for scripts and tests."""
    try:
        for event in guarded(job, stop):
            handlers.event(event)
    except Exception as error:  # noqa: BLE001 - the handlers report every error
        handlers.failed(error)
    handlers.ended()


def as_long_as(heard: Callable[[], bool], run: Runner) -> Runner:
    """A runner whose jobs change nothing once ``heard()`` is false, e.g. after a panel was closed.

    Jobs end at their next event then; only ``ended`` is still called.
    """

    def start(job: Callable[[], Iterator[E]], handlers: Handlers[E], stop: threading.Event) -> None:
        def event(made: E) -> None:
            if heard():
                handlers.event(made)
            else:
                stop.set()

        def failed(error: Exception) -> None:
            if heard():
                handlers.failed(error)

        run(job, Handlers(event, failed, handlers.ended), stop)

    return start


def after(seconds: float, call: Callable[[], None]) -> bool:
    """Calls ``call`` in this thread after some seconds; False: there is no event loop of Qt."""
    try:
        from qtpy.QtCore import QCoreApplication, QTimer
    except ImportError:  # a script
        return False
    if QCoreApplication.instance() is None:
        return False
    QTimer.singleShot(round(1000 * seconds), call)
    return True


def later(call: Callable[[], None]) -> None:
    """Calls ``call`` when this thread is idle; never where there is no event loop of Qt."""
    from qtpy.QtCore import QCoreApplication, QTimer

    # PySide6 frees a call that still waits after Python has ended, and the process is killed by it.
    # With an application, it frees the call in time.
    if QCoreApplication.instance() is not None:
        QTimer.singleShot(0, call)
