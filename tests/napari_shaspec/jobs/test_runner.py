"""Jobs in napari workers: no deadlocks, and no error is lost."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
import weakref
from dataclasses import replace

import pytest
from superqt.utils import WorkerBase

from napari_shaspec.jobs.runner import (
    Handlers,
    JobError,
    as_long_as,
    guarded,
    run_here,
    run_in_worker,
)
from shaspec.errors import InputError
from shaspec.inference.events import Progress
from tests.napari_shaspec.waiting import wait_until_freed


class Told:
    """Handlers that write down what they were told, and in which thread."""

    def __init__(self):
        self.events, self.errors, self.ended, self.threads = [], [], 0, set()
        self.handlers = Handlers(self._event, self._failed, self._ended)

    def _event(self, event):
        self.threads.add(threading.get_ident())
        self.events.append(event)

    def _failed(self, error):
        self.threads.add(threading.get_ident())
        self.errors.append(error)

    def _ended(self):
        self.ended += 1


def steps(count=3, error=None, closed=None, pause=0.0):
    def job():
        try:
            for k in range(count):
                time.sleep(pause)
                if error is not None and k == 1:
                    raise error
                yield Progress(k + 1, count, "step")
        finally:
            if closed is not None:
                closed.append(threading.get_ident())

    return job


@pytest.fixture(params=["worker", "here"])
def run(request, qtbot):
    """Runs a job in either way and waits for its end."""

    def start(job, told, stop=None):
        stop = stop or threading.Event()
        if request.param == "here":
            run_here(job, told.handlers, stop)
        else:
            run_in_worker(job, told.handlers, stop)
        qtbot.waitUntil(lambda: told.ended == 1, timeout=10_000)

    return start


def test_an_event_in_steps_is_handled_before_the_next_and_before_the_end(run):
    told, order = Told(), []

    def event(made):
        for part in range(2):
            order.append((made.done, part))
            yield
        order.append((made.done, "ended"))

    told.handlers = replace(told.handlers, event=event)
    run(steps(2), told)
    assert order == [(n, part) for n in (1, 2) for part in (0, 1, "ended")]


def test_all_events_arrive_in_the_thread_that_started_the_job(run):
    told = Told()
    run(steps(), told)
    assert [e.done for e in told.events] == [1, 2, 3]
    assert told.threads == {threading.get_ident()}
    assert told.errors == []


def test_a_runtime_error_surfaces_and_never_hangs(run):
    told = Told()
    run(steps(error=RuntimeError("CUDA error: device-side assert")), told)
    assert [e.done for e in told.events] == [1]
    assert isinstance(told.errors[0], JobError)
    assert "device-side assert" in str(told.errors[0])
    assert isinstance(told.errors[0].__cause__, RuntimeError)


def test_a_stray_stop_iteration_surfaces_too(run):
    told = Told()
    run(steps(error=StopIteration()), told)
    assert isinstance(told.errors[0], JobError)


def test_an_error_for_the_user_arrives_as_it_is(run):
    told = Told()
    error = InputError("no such file")
    run(steps(error=error), told)
    assert told.errors == [error]


def test_an_error_before_the_first_event_arrives(run):
    def job():
        raise RuntimeError("at once")

    told = Told()
    run(job, told)
    assert isinstance(told.errors[0], JobError)


def test_stopping_ends_at_the_next_event_and_closes_the_generator(qtbot):
    told, stop, closed = Told(), threading.Event(), []
    run_in_worker(steps(1000, closed=closed, pause=0.01), told.handlers, stop)
    qtbot.waitUntil(lambda: len(told.events) > 2, timeout=10_000)
    stop.set()
    qtbot.waitUntil(lambda: told.ended == 1, timeout=10_000)
    assert len(told.events) < 1000
    assert told.errors == []
    assert len(closed) == 1
    assert closed[0] != threading.get_ident()  # in the thread that holds its memory


def test_a_job_that_was_stopped_before_it_began_does_nothing(run):
    told, stop = Told(), threading.Event()
    stop.set()
    run(steps(), told, stop)
    assert told.events == []


def test_abandoning_a_guarded_job_closes_the_generator():
    closed = []
    job = guarded(steps(closed=closed), threading.Event())
    next(job)
    job.close()
    assert len(closed) == 1


def test_a_job_changes_nothing_after_its_panel_was_closed():
    told, stop, closed = Told(), threading.Event(), []
    start = as_long_as(lambda: len(told.events) < 2, run_here)
    start(steps(100, closed=closed), told.handlers, stop)
    assert ([e.done for e in told.events], told.ended, len(closed)) == ([1, 2], 1, 1)
    assert stop.is_set()
    start(steps(error=RuntimeError("at a bad moment")), told.handlers, threading.Event())
    assert (told.errors, told.ended) == ([], 2)


@pytest.mark.parametrize("where", ["event", "failed"])
def test_a_handler_that_fails_does_not_keep_a_job_from_ending(where, qtbot):
    told, error = Told(), InputError("no such file")

    def fails(*_):
        raise ValueError("a fault of the panel")

    handlers = replace(told.handlers, **{where: fails})
    with qtbot.captureExceptions() as faults:
        run_in_worker(steps(error=error), handlers, threading.Event())
        qtbot.waitUntil(lambda: told.ended == 1, timeout=10_000)
    assert [str(fault[1]) for fault in faults] == ["a fault of the panel"]


def test_an_error_in_the_closing_of_a_job_that_was_quit_does_not_keep_it_from_ending(qtbot):
    def job():
        try:
            for k in range(1000):
                time.sleep(0.005)
                yield Progress(k, 1000, "step")
        finally:
            raise RuntimeError("while closing")

    told = Told()
    run_in_worker(job, told.handlers, threading.Event())
    qtbot.waitUntil(lambda: len(told.events) > 2, timeout=10_000)
    for worker in list(WorkerBase._worker_set):  # as napari does when it ends
        worker.quit()
    qtbot.waitUntil(lambda: told.ended == 1, timeout=10_000)
    assert isinstance(told.errors[0], JobError)


@pytest.mark.gui
def test_napari_keeps_nothing_of_a_job_that_has_ended(make_napari_viewer, qtbot):
    """A window of napari keeps its workers until it is closed, and they their slots."""
    make_napari_viewer()
    told = Told()
    run_in_worker(steps(), told.handlers, threading.Event())
    qtbot.waitUntil(lambda told=told: told.ended == 1, timeout=10_000)
    assert len(told.events) == 3
    kept = weakref.ref(told)
    del told
    wait_until_freed(qtbot, kept)


@pytest.mark.parametrize(
    ("start", "called"),
    [
        ("", ""),
        ("app = QCoreApplication([])", ""),
        ("app = QCoreApplication([])", "done\n"),
    ],
)
def test_a_script_ends_well_with_calls_that_wait(start, called):
    """A process of PySide6 without an application crashed at its end."""
    script = f"""
from qtpy.QtCore import QCoreApplication
from napari_shaspec.jobs.turns import later
class Told:
    def call(self):
        print("done")
        QCoreApplication.quit()
told = Told()
later(told.call)
{start}
later(told.call)
{"app.exec()" if called else ""}
"""
    run = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=False, timeout=60
    )
    assert (run.returncode, run.stderr) == (0, "")
    assert run.stdout == called
