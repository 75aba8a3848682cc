"""One job at a time: what fails beside it leaves its outcome alone, and a closed panel is quiet."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from napari_shaspec.jobs.control import JobControl
from napari_shaspec.jobs.runner import Handlers, run_here
from napari_shaspec.jobs.state import JobState, Status
from shaspec.errors import InputError

FULL = InputError("disk full: free space")


class Held:
    """A runner whose job the test lets go on."""

    def __call__(
        self, job: Callable[[], Iterator[Any]], handlers: Handlers[Any], stop: threading.Event
    ) -> None:
        self.go_on = lambda: run_here(job, handlers, stop)


@pytest.fixture
def state() -> JobState:
    return JobState()


def begin(control: JobControl, state: JobState, error: Exception | None = None) -> None:
    def events() -> Iterator[str]:
        yield "result"
        if error is not None:
            raise error

    def ended() -> None:
        state.status = control.outcome or Status.IDLE

    control.start("working", events, lambda event: control.succeed(event), ended)


def test_an_error_beside_a_job_does_not_end_it(state: JobState, notifications: list[str]) -> None:
    held = Held()
    control = JobControl(state, held)
    begin(control, state)
    control.show_error(FULL)
    assert state.message.text == str(FULL)
    assert state.status.busy
    held.go_on()
    assert state.status is Status.DONE


def test_an_error_of_the_job_ends_it(state: JobState, notifications: list[str]) -> None:
    begin(JobControl(state, run_here), state, FULL)
    assert state.status is Status.FAILED
    assert state.message.text == str(FULL)
    assert notifications == [str(FULL)]


def test_a_closed_panel_shows_no_errors(state: JobState, notifications: list[str]) -> None:
    held = Held()
    control = JobControl(state, held)
    begin(control, state, FULL)
    control.close()
    held.go_on()
    control.show_error(FULL)
    assert notifications == []
    assert state.message.text == ""
