"""Requests as words, events from lines, cancelling, errors; installing only on request."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from tests.slicer_module.stubs import QProcess

ROOT = Path(__file__).resolve().parents[2]


class FakeProcess:
    """Keeps its words; a test speaks for it."""

    def __init__(self) -> None:
        self.starts: list[list[str]] = []
        self.lines: list[list[str]] = []

    @property
    def words(self) -> list[str]:
        """Those of the last run."""
        return self.lines[-1]

    def start(
        self,
        words: Sequence[str],
        received: Callable[[bytes], None],
        ended: Callable[[int, str], None],
    ) -> None:
        self.starts.append(list(words))
        self.received, self.ended = received, ended

    def send(self, data: bytes) -> None:
        assert data.endswith(b"\n")
        self.lines.append(json.loads(data))

    def kill(self) -> None:
        self.ended(-9, "")


class Heard:
    """A listener that keeps what it was told."""

    def __init__(self) -> None:
        self.all: list[tuple[str, Any]] = []

    def progressed(self, done: int, total: int, stage: str) -> None:
        self.all.append(("progress", (done, total, stage)))

    def noticed(self, text: str) -> None:
        self.all.append(("notice", text))

    def row_added(self, row: Mapping[str, Any]) -> None:
        self.all.append(("row", row["subset"]))

    def finished(self, result: Mapping[str, Any]) -> None:
        self.all.append(("finished", dict(result)))

    def failed(self, message: str) -> None:
        self.all.append(("failed", message))

    def cancelled(self) -> None:
        self.all.append(("cancelled", None))


def asked(command: str = "predict") -> Any:
    from ShaSpecLib.parameters import Request

    files = {"FLAIR": Path("a b/f.nii"), "T2": Path("t2.nii")}
    return Request(command, "shaspec", files, Path("out_pred.seg.nrrd"))


def started() -> tuple[FakeProcess, Any, Heard]:
    from ShaSpecLib.runner import ResidentEngine

    process, heard = FakeProcess(), Heard()
    engine = ResidentEngine(process)
    engine.run(asked(), heard)
    return process, engine, heard


def line(event: str, **fields: Any) -> bytes:
    return json.dumps({"event": event, **fields}).encode() + b"\n"


def test_the_words_are_those_of_the_command_line() -> None:
    from shaspec.cli import app

    process, _, _ = started()
    assert process.starts == [["resident"]]
    assert process.words[0] == "predict"
    options = {word for word in process.words if word.startswith("--")}
    for command in ("predict", "sweep", "report"):
        shown = CliRunner().invoke(app, [command, "--help"], env={"COLUMNS": "200"}).output
        used = options - ({"--present"} if command == "sweep" else set())
        assert all(option in shown for option in used), command


def test_a_command_for_a_terminal_is_quoted() -> None:
    assert asked().text().startswith("shaspec predict 'FLAIR=a b/f.nii' T2=t2.nii --present FLAIR")


def test_lines_may_come_in_pieces_and_between_other_output() -> None:
    process, _, heard = started()
    data = b"a library prints\n{}\n" + line("progress", done=1, total=4, stage="encode T2")
    for start in range(0, len(data), 7):
        process.received(data[start : start + 7])
    process.received(line("notice", text="careful") + line("row", subset="T2", values={}))
    process.received(line("finished", labels="x"))
    assert heard.all == [("progress", (1, 4, "encode T2")), ("notice", "careful"), ("row", "T2")]
    process.received(line("ended", code=0))
    assert heard.all[-1] == ("finished", {"labels": "x"})


def test_the_next_run_is_one_of_the_same_process() -> None:
    process, engine, heard = started()
    process.received(line("finished", labels="x") + line("ended", code=0))
    engine.run(asked("sweep"), heard)
    process.received(line("progress", done=0, total=1, stage="decode"))
    process.received(line("finished", files=["y"]) + line("ended", code=0))
    assert heard.all[-1] == ("finished", {"files": ["y"]})
    assert (len(process.starts), [words[0] for words in process.lines]) == (1, ["predict", "sweep"])


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        (line("failed", message="T2 is empty") + line("ended", code=2, message="x"), "T2 is empty"),
        (line("ended", code=2, message="no such option"), "no such option"),
        (line("finished", labels="x") + line("ended", code=3, message="disk full"), "disk full"),
        (line("ended", code=1), "the engine ended the run with code 1 and no message"),
    ],
)
def test_an_error_is_told_once_and_the_process_stays(answer: bytes, message: str) -> None:
    process, engine, heard = started()
    process.received(answer)
    assert heard.all == [("failed", message)]
    engine.run(asked(), heard)
    assert len(process.starts) == 1


@pytest.mark.parametrize(
    ("code", "errors", "message"),
    [
        (3, "shaspec: an unexpected\n  error", "an unexpected error"),
        (1, "Traceback\nModuleNotFoundError: shaspec", "Traceback\nModuleNotFoundError: shaspec"),
        (-11, "", "the engine ended with exit code -11 and no message"),
        (0, "", "the engine ended with exit code 0 and no message"),
    ],
)
def test_a_crash_is_an_error_and_the_next_run_starts_another_process(
    code: int, errors: str, message: str
) -> None:
    process, engine, heard = started()
    process.ended(code, errors)
    assert heard.all == [("failed", message)]
    engine.run(asked(), heard)
    assert len(process.starts) == 2


def test_a_crash_between_two_runs_is_silent() -> None:
    process, engine, heard = started()
    process.received(line("finished", labels="x") + line("ended", code=0))
    process.ended(-9, "")
    assert [kind for kind, _ in heard.all] == ["finished"]
    engine.run(asked(), heard)
    assert len(process.starts) == 2


def test_cancel_kills_the_process_and_a_new_run_starts_another() -> None:
    process, engine, heard = started()
    with pytest.raises(RuntimeError, match="a run is in progress: cancel it first"):
        engine.run(asked(), heard)
    engine.cancel()
    process.received(line("finished", labels="late"))
    assert heard.all == [("cancelled", None)]
    engine.cancel()  # nothing runs
    engine.run(asked("sweep"), heard)
    assert process.words[0] == "sweep"
    assert len(process.starts) == 2


def test_closing_ends_the_process_and_what_it_still_says_is_not_heard() -> None:
    process, engine, heard = started()
    process.received(line("finished", labels="x") + line("ended", code=0))
    old_received, old_ended = process.received, process.ended
    process.kill = lambda: None  # type: ignore[method-assign] # its end comes later
    engine.close()
    engine.run(asked(), heard)
    old_received(line("ended", code=1, message="old"))
    old_ended(-9, "")
    assert [kind for kind, _ in heard.all] == ["finished"]
    process.received(line("finished", labels="new") + line("ended", code=0))
    assert heard.all[-1] == ("finished", {"labels": "new"})
    assert len(process.starts) == 2


def test_the_process_of_qt_passes_on_input_output_and_the_end(tmp_path: Path) -> None:
    from ShaSpecLib.qt_process import LONGEST, QtProcess

    heard: list[Any] = []
    process = QtProcess("PythonSlicer", tmp_path)
    process.start(["resident"], heard.append, lambda *end: heard.append(end))
    qt = QProcess.last
    assert (qt.program, qt.words) == ("PythonSlicer", ["-m", "shaspec", "resident"])
    assert qt.folder == str(tmp_path)
    process.send(b"a line\n")
    assert qt.input == b"a line\n"
    qt.output = b"one"
    qt.emit("readyReadStandardOutput()")
    qt.errors = b"a warning\n" * LONGEST
    qt.emit("readyReadStandardError()")
    qt.output, qt.errors = b"two", b"shaspec: no"
    qt.emit("finished(int,QProcess::ExitStatus)", 2, 0)
    (code, errors) = heard.pop()
    assert heard == [b"one", b"two"]
    assert (code, errors[-11:], len(errors)) == (2, "shaspec: no", LONGEST)
    process.kill()
    assert heard[-1][0] == 9


def test_a_python_that_does_not_start_is_an_error(tmp_path: Path) -> None:
    from ShaSpecLib.qt_process import QtProcess

    heard: list[Any] = []
    QtProcess("nowhere", tmp_path).start([], heard.append, lambda *end: heard.append(end))
    QProcess.last.emit("errorOccurred(QProcess::ProcessError)", QProcess.FailedToStart)
    assert heard == [(-1, "shaspec: nowhere could not be started")]
