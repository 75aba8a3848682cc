"""Runs the engine beside Slicer, and tells how it goes.

The panel knows an `Engine`. `ProcessEngine` starts one process per run, which can be killed at any
time; a resident process, which keeps the features of a case between runs, can take its place.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

from ShaSpecLib.parameters import Request

TAIL = 2000
"""Characters of an unexpected error that are shown."""
Fields = Mapping[str, Any]
FIELDS: Mapping[str, set[str]] = {
    "progress": {"done", "total", "stage"}, "notice": {"text"}, "row": {"values", "subset"},
    "finished": set(), "failed": {"message"},
}  # fmt: skip
"""Events of the engine, and what each has."""


class Listener(Protocol):
    """Hears how a run goes, in the thread of the interface; one of the last three comes last."""

    def progressed(self, done: int, total: int, stage: str) -> None:
        """``done`` of ``total`` units, and a short text."""

    def noticed(self, text: str) -> None:
        """A sentence for the user."""

    def row_added(self, row: Fields) -> None:
        """The result of one subset of a sweep."""

    def finished(self, result: Fields) -> None:
        """The run is done and its files are written."""

    def failed(self, message: str) -> None:
        """The run ended with an error."""

    def cancelled(self) -> None:
        """The run was cancelled."""


class Engine(Protocol):
    """Runs one request at a time."""

    def run(self, request: Request, listener: Listener) -> None:
        """Start; returns at once. The listener is told the rest."""

    def cancel(self) -> None:
        """End the run, if there is one; the listener is told."""


class Process(Protocol):
    """A process that can be killed."""

    def start(
        self,
        words: Sequence[str],
        received: Callable[[bytes], None],
        ended: Callable[[int, str], None],
    ) -> None:
        """Start ``python -m shaspec`` with these words.

        Args:
            words: the arguments.
            received: called with parts of standard output.
            ended: called once, with the exit code and all of standard error.
        """

    def kill(self) -> None:
        """End it at once; ``ended`` is called."""


class ProcessEngine:
    """A process per run.

    Args:
        process: starts and kills it; tests give a fake.
    """

    def __init__(self, process: Process) -> None:
        self._process = process
        self._listener: Listener | None = None
        self._rest = b""
        self._killed = False
        self._answer: tuple[str, Fields] | None = None

    def run(self, request: Request, listener: Listener) -> None:
        if self._listener is not None:
            raise RuntimeError("a run is in progress: cancel it first")
        self._listener, self._rest = listener, b""
        self._killed, self._answer = False, None
        self._process.start([*request.words(), "--json"], self._received, self._ended)

    def cancel(self) -> None:
        if self._listener is not None:
            self._killed = True
            self._process.kill()

    def _received(self, data: bytes) -> None:
        """A part of the output, which may end within a line."""
        *whole, self._rest = (self._rest + data).split(b"\n")
        for line in whole:
            try:
                event = json.loads(line)
                kind = event.pop("event")
                known = FIELDS[kind] <= event.keys()
            except (ValueError, LookupError, AttributeError, TypeError, RecursionError):
                continue  # printed by a library
            if known:
                self._tell(kind, event)

    def _tell(self, kind: str, event: dict[str, Any]) -> None:
        listener = self._listener
        if listener is None or self._killed or self._answer:
            return
        if kind == "progress":
            listener.progressed(event["done"], event["total"], event["stage"])
        elif kind == "notice":
            listener.noticed(event["text"])
        elif kind == "row":
            listener.row_added(event)
        elif kind in ("finished", "failed"):
            # Told when the process has ended: its files are then complete.
            self._answer = kind, event

    def _ended(self, code: int, errors: str) -> None:
        self._received(b"\n")
        listener, self._listener = self._listener, None
        if listener is None:
            return
        kind, fields = self._answer or ("", {})
        if self._killed:
            listener.cancelled()
        elif kind == "finished" and code == 0:
            listener.finished(fields)
        elif kind == "failed":
            listener.failed(fields["message"])
        else:
            listener.failed(last_words(errors, code))


def last_words(errors: str, code: int) -> str:
    """The message of an engine that ended without an event: for the user, or of a traceback."""
    before, mark, message = errors.rpartition("shaspec: ")
    if mark:
        return " ".join(message.split())
    tail = before[-TAIL:].strip() or errors[-TAIL:].strip()
    return tail or f"the engine ended with exit code {code} and no message"


class QtProcess:
    """The engine as a `QProcess` of the Python that comes with Slicer.

    Args:
        python: the program, e.g. ``PythonSlicer``.
        folder: where it works; it must contain no Python modules.
    """

    def __init__(self, python: str, folder: Path) -> None:
        self._python, self._folder = python, folder
        self._process: Any = None

    def start(
        self,
        words: Sequence[str],
        received: Callable[[bytes], None],
        ended: Callable[[int, str], None],
    ) -> None:
        import qt

        process = self._process = qt.QProcess()
        environment = qt.QProcessEnvironment.systemEnvironment()
        environment.insert("COLUMNS", "1000")  # no line breaks in messages
        environment.insert("PYTHONUNBUFFERED", "1")
        process.setProcessEnvironment(environment)
        process.setWorkingDirectory(str(self._folder))

        def output() -> bytes:
            return bytes(process.readAllStandardOutput().data())

        def done(code: int = 0, *_: object) -> None:
            received(output())
            errors = bytes(process.readAllStandardError().data()).decode("utf-8", "replace")
            ended(int(code), errors)

        def failed(error: int) -> None:
            if error == qt.QProcess.FailedToStart:  # no signal `finished` follows
                ended(-1, f"shaspec: {self._python} could not be started")

        process.connect("readyReadStandardOutput()", lambda: received(output()))
        process.connect("finished(int,QProcess::ExitStatus)", done)
        process.connect("errorOccurred(QProcess::ProcessError)", failed)
        process.start(self._python, ["-m", "shaspec", *words])

    def kill(self) -> None:
        if self._process is not None:
            self._process.kill()
