"""Requests as words, events from lines, cancelling, errors; installing only on request."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from typer.testing import CliRunner

import shaspec
from tests.slicer_module.stubs import QProcess

ROOT = Path(__file__).resolve().parents[2]


class FakeProcess:
    """Keeps its words; a test speaks for it."""

    def start(
        self,
        words: Sequence[str],
        received: Callable[[bytes], None],
        ended: Callable[[int, str], None],
    ) -> None:
        self.words, self.received, self.ended = list(words), received, ended

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


def started() -> tuple[FakeProcess, Any, Heard]:
    from ShaSpecLib.parameters import Request
    from ShaSpecLib.runner import ProcessEngine

    process, heard = FakeProcess(), Heard()
    engine = ProcessEngine(process)
    files = {"FLAIR": Path("a b/f.nii.gz"), "T2": Path("t2.nii.gz")}
    engine.run(Request("predict", "shaspec", files, Path("out_pred.seg.nrrd")), heard)
    return process, engine, heard


def line(event: str, **fields: Any) -> bytes:
    return json.dumps({"event": event, **fields}).encode() + b"\n"


def test_the_words_are_those_of_the_command_line() -> None:
    from shaspec.cli import app

    process, _, _ = started()
    assert process.words[0] == "predict"
    assert process.words[-1] == "--json"
    options = {word for word in process.words if word.startswith("--")}
    for command in ("predict", "sweep", "report"):
        shown = CliRunner().invoke(app, [command, "--help"], env={"COLUMNS": "200"}).output
        used = options - ({"--present"} if command == "sweep" else set())
        assert all(option in shown for option in used), command


def test_a_command_for_a_terminal_is_quoted() -> None:
    from ShaSpecLib.parameters import Request

    text = Request("predict", "m", {"FLAIR": Path("a b.nii")}, Path("o.nii.gz")).text()
    assert text.startswith("shaspec predict 'FLAIR=a b.nii' --present FLAIR ")


def test_lines_may_come_in_pieces_and_between_other_output() -> None:
    process, _, heard = started()
    data = b"a library prints\n{}\n" + line("progress", done=1, total=4, stage="encode T2")
    for start in range(0, len(data), 7):
        process.received(data[start : start + 7])
    process.received(line("notice", text="careful") + line("row", subset="T2"))
    process.received(line("finished", labels="x").rstrip())
    assert heard.all == [("progress", (1, 4, "encode T2")), ("notice", "careful"), ("row", "T2")]
    process.ended(0, "")
    assert heard.all[-1] == ("finished", {"labels": "x"})


def test_an_error_is_told_once_with_the_words_of_the_engine() -> None:
    process, _, heard = started()
    process.received(line("failed", message="T2 is empty"))
    process.ended(2, "shaspec: T2 is empty")
    assert heard.all == [("failed", "T2 is empty")]


@pytest.mark.parametrize(
    ("code", "errors", "message"),
    [
        (3, "shaspec: an unexpected\n  error", "an unexpected error"),
        (1, "Traceback\nModuleNotFoundError: shaspec", "Traceback\nModuleNotFoundError: shaspec"),
        (-11, "", "the engine ended with exit code -11 and no message"),
        (0, "", "the engine ended with exit code 0 and no message"),
    ],
)
def test_a_crash_is_an_error_too(code: int, errors: str, message: str) -> None:
    process, _, heard = started()
    process.ended(code, errors)
    assert heard.all == [("failed", message)]


def test_cancel_kills_the_process_and_a_new_run_can_start() -> None:
    from ShaSpecLib.parameters import Request

    process, engine, heard = started()
    with pytest.raises(RuntimeError, match="a run is in progress: cancel it first"):
        engine.run(Request("predict", "m", {"T2": Path("t")}, Path("o")), heard)
    engine.cancel()
    process.received(line("finished", labels="late"))
    assert heard.all == [("cancelled", None)]
    engine.cancel()  # nothing runs
    engine.run(Request("sweep", "m", {"T2": Path("t")}, Path("o")), heard)
    assert process.words[0] == "sweep"


def test_the_process_of_qt_passes_on_output_and_the_end(tmp_path: Path) -> None:
    from ShaSpecLib.runner import QtProcess

    heard: list[Any] = []
    process = QtProcess("PythonSlicer", tmp_path)
    process.start(["predict", "--json"], heard.append, lambda *end: heard.append(end))
    qt = QProcess.last
    assert (qt.program, qt.words) == ("PythonSlicer", ["-m", "shaspec", "predict", "--json"])
    assert qt.folder == str(tmp_path)
    qt.output = b"one"
    qt.emit("readyReadStandardOutput()")
    qt.output, qt.errors = b"two", b"shaspec: no"
    qt.emit("finished(int,QProcess::ExitStatus)", 2, 0)
    assert heard == [b"one", b"two", (2, "shaspec: no")]
    heard.clear()
    process.kill()
    assert heard[-1][0] == 9


def test_a_python_that_does_not_start_is_an_error(tmp_path: Path) -> None:
    from ShaSpecLib.runner import QtProcess

    heard: list[Any] = []
    QtProcess("nowhere", tmp_path).start([], heard.append, lambda *end: heard.append(end))
    QProcess.last.emit("errorOccurred(QProcess::ProcessError)", QProcess.FailedToStart)
    assert heard == [(-1, "shaspec: nowhere could not be started")]


# -- installing ----------------------------------------------------------------------------------


def installer(there: set[str], **modules: Any) -> Any:
    from ShaSpecLib.install import Installer

    names = {
        name.replace("_", ".", 1) if "slicer" in name else name: m for name, m in modules.items()
    }
    return Installer(lambda n: n if n in there | set(names) else None, lambda n: names[n])


def test_nothing_is_installed_where_the_engine_is() -> None:
    assert installer({"shaspec", "torch"}).is_ready
    assert not installer({"shaspec"}).is_ready


def test_torch_comes_through_its_extension_and_the_rest_through_slicers_packaging() -> None:
    there: set[str] = set()
    asked: list[Any] = []
    torch = SimpleNamespace(
        PyTorchUtilsLogic=lambda: SimpleNamespace(
            installTorch=lambda askConfirmation, torchVersionRequirement: (
                there.add("torch"),
                asked.append(f"torch{torchVersionRequirement}"),
            )
        )
    )
    packaging = SimpleNamespace(
        load_requirements=lambda path: Path(path).read_text("utf-8").split(),
        pip_ensure=lambda reqs, requester: (there.add("shaspec"), asked.append((reqs, requester))),
    )
    made = installer(there, PyTorchUtils=torch, slicer_packaging=packaging)
    made._find = lambda n: n if n in there | {"PyTorchUtils", "slicer.packaging"} else None
    assert made.install()
    engine = tomllib.loads((ROOT / "src" / "pyproject.toml").read_text("utf-8"))["project"]
    assert asked[0] in engine["dependencies"]
    assert asked[1:] == [([f"shaspec>={shaspec.__version__}"], "ShaSpec")]


@pytest.mark.parametrize("agrees", [True, False])
def test_without_slicers_packaging_the_user_is_asked_here(agrees: bool) -> None:
    ran: list[str] = []
    util = SimpleNamespace(
        confirmOkCancelDisplay=lambda text, windowTitle: agrees, pip_install=ran.append
    )
    assert not installer(set(), slicer_util=util).install()  # the fake installs nothing
    assert [text.startswith("-r ") for text in ran] == [True] * agrees
