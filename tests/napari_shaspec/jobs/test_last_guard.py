"""An unforeseen error becomes a sentence and a report, in a worker and in the window."""

from __future__ import annotations

import re
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from types import TracebackType
from typing import Any

import pytest
from psygnal import Signal
from qtpy.QtCore import QTimer

import napari_shaspec
from napari_shaspec.jobs.control import JobControl
from napari_shaspec.jobs.last_guard import watch
from napari_shaspec.jobs.runner import run_in_worker
from napari_shaspec.jobs.state import JobState, Status
from shaspec.errors import InputError
from shaspec.fault import RAISE

SECRET = "Jane " + "Doe"


@pytest.fixture
def reports(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Outside of tests the guard is on; its reports come here."""
    monkeypatch.delenv(RAISE)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path


@pytest.fixture
def passed_on(monkeypatch: pytest.MonkeyPatch) -> list[BaseException]:
    """What the hook before the guard is given."""
    errors: list[BaseException] = []

    def before(_: type[BaseException], error: BaseException, __: TracebackType | None) -> None:
        errors.append(error)

    monkeypatch.setattr(sys, "excepthook", before)
    return errors


def in_the_plugin(error: Exception) -> None:
    """Raise an error below code of the plugin."""

    def raises() -> Iterator[Any]:
        raise error

    JobControl(JobState(), lambda job, *_: job()).start("", raises, lambda _: None, lambda: None)


class Emitter:
    changed = Signal()


def from_a_signal(error: Exception) -> None:
    """Raise an error in a callback of psygnal, which raises one of its own from it."""
    emitter = Emitter()
    emitter.changed.connect(lambda: in_the_plugin(error))
    emitter.changed.emit()


def check(text: str, reports: Path) -> None:
    (report,) = reports.glob("shaspec-fault-*")
    assert "error in the program" in text
    assert str(report) in text
    assert SECRET not in text + report.read_text()


def test_an_error_of_a_worker(qtbot: Any, reports: Path, notifications: list[str]) -> None:
    state, ended = JobState(), []
    control = JobControl(state, run_in_worker)

    def job() -> Iterator[None]:
        yield
        raise KeyError(SECRET)

    control.start("working", job, lambda _: None, lambda: ended.append(control.outcome))
    qtbot.waitUntil(lambda: bool(ended), timeout=10_000)
    assert ended == [Status.FAILED]
    check(state.message.text, reports)
    assert notifications == [state.message.text]


@pytest.mark.parametrize("raises", [in_the_plugin, from_a_signal])
def test_an_error_of_a_slot(
    raises: Callable[[Exception], None],
    qtbot: Any,
    reports: Path,
    notifications: list[str],
    passed_on: list[BaseException],
) -> None:
    watch()
    QTimer.singleShot(0, lambda: raises(KeyError(SECRET)))
    qtbot.waitUntil(lambda: bool(notifications or passed_on), timeout=10_000)
    assert passed_on == []
    check(*notifications, reports)
    notifications.clear()
    QTimer.singleShot(0, lambda: raises(InputError("no such file")))
    qtbot.waitUntil(lambda: bool(notifications), timeout=10_000)
    assert notifications == ["no such file"]


def test_an_error_of_others_is_passed_on(
    qtbot: Any, reports: Path, notifications: list[str], passed_on: list[BaseException]
) -> None:
    watch()
    QTimer.singleShot(0, lambda: int("others"))
    qtbot.waitUntil(lambda: bool(passed_on), timeout=10_000)
    assert (notifications, list(reports.glob("*.txt"))) == ([], [])


def test_in_tests_nothing_is_guarded(qtbot: Any, passed_on: list[BaseException]) -> None:
    before = sys.excepthook
    watch()
    assert sys.excepthook is before


def test_no_panel_shows_a_traceback_by_itself() -> None:
    files = list(Path(str(napari_shaspec.__file__)).parent.rglob("*.py"))
    assert [p.name for p in files if re.search(r"receive_error|\bbug\(", p.read_text("utf-8"))] == [
        "notifications.py"
    ]
