"""The progress of work that calls a function, as the events of a job."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from queue import SimpleQueue
from typing import TypeVar

from shaspec.inference.events import Computed, Progress
from shaspec.progress import Report

T = TypeVar("T")


class _Stopped(BaseException):
    """Ends the work, because its result is not needed any more."""


def reported(work: Callable[[Report], T]) -> Iterator[Progress | Computed[T]]:
    """Run ``work`` in a thread, and yield its progress, then its result.

    Args:
        work: called with the function to report to. Closing the generator ends the work at its next
            report, and waits for that.

    Yields:
        `Progress`, at most the latest one at a time, then `Computed` with the result.

    Raises:
        Exception: whatever ``work`` raises.
    """
    told: SimpleQueue[Progress | None] = SimpleQueue()
    result: list[T] = []
    failed: list[BaseException] = []
    stop = threading.Event()

    def report(done: int, total: int, stage: str) -> None:
        if stop.is_set():
            raise _Stopped
        told.put(Progress(done, total, stage))

    def run() -> None:
        try:
            result.append(work(report))
        except BaseException as error:  # noqa: BLE001 - raised again below
            failed.append(error)
        told.put(None)

    thread = threading.Thread(target=run, name="shaspec-work", daemon=True)
    thread.start()
    try:
        while (event := told.get()) is not None:
            while not told.empty():  # the latest one says it all
                newer = told.get()
                if newer is None:
                    told.put(None)
                    break
                event = newer
            yield event
    finally:
        stop.set()
        thread.join()
    if failed:
        raise failed[0]
    yield Computed(result[0])
