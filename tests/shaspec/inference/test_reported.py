"""Work that calls a function becomes a job: events, a result, errors, and an end on demand."""

from __future__ import annotations

import threading
import time

import pytest

from shaspec.errors import InputError
from shaspec.inference.events import Computed, Progress
from shaspec.inference.reported import reported
from shaspec.progress import Report


def test_the_result_comes_last_and_progress_in_order() -> None:
    def work(report: Report) -> str:
        for number in range(5):
            report(number, 5, f"stage {number}")
            time.sleep(0.01)
        return "result"

    *progress, last = reported(work)
    assert isinstance(last, Computed)
    assert last.value == "result"
    assert [event.done for event in progress if isinstance(event, Progress)] == sorted(
        {event.done for event in progress if isinstance(event, Progress)}
    )
    assert progress


def test_an_error_of_the_work_is_raised_after_its_progress() -> None:
    def work(report: Report) -> None:
        report(1, 2, "reading")
        raise InputError("x.nii: cut off")

    events = reported(work)
    assert next(events) == Progress(1, 2, "reading")
    with pytest.raises(InputError, match="cut off"):
        next(events)


def test_closing_ends_the_work_at_its_next_report() -> None:
    ended, reports = threading.Event(), []

    def work(report: Report) -> None:
        try:
            for number in range(10_000):
                report(number, 10_000, "working")
                reports.append(number)
                time.sleep(0.001)
        finally:
            ended.set()

    events = reported(work)
    next(events)
    events.close()  # type: ignore[attr-defined]
    assert ended.is_set()
    assert len(reports) < 10_000
    assert not [t for t in threading.enumerate() if t.name == "shaspec-work"]
