"""Runs the engine beside Slicer, and tells how it goes.

The panel knows an `Engine`. `ResidentEngine` starts one process, ``shaspec resident``, which keeps
the features of a case between runs, so that another subset of it is fast. The process can be killed
at any time; the next run starts another one.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

from ShaSpecLib.parameters import Request

TAIL = 2000
"""Characters of an unexpected error that are shown."""
Fields = Mapping[str, Any]
FIELDS: Mapping[str, set[str]] = {
    "progress": {"done", "total", "stage"}, "notice": {"text"}, "row": {"values", "subset"},
    "finished": set(), "failed": {"message"}, "ended": {"code"},
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

    def close(self) -> None:
        """End the run, and free what is kept for the next one."""


class Process(Protocol):
    """A process that can be told something, and killed."""

    def start(
        self,
        words: Sequence[str],
        received: Callable[[bytes], None],
        ended: Callable[[int, str], None],
    ) -> None:
        """Start ``python -m shaspec`` with these words; another process is then forgotten.

        Args:
            words: the arguments.
            received: called with parts of standard output.
            ended: called once, with the exit code and the last part of standard error.
        """

    def send(self, data: bytes) -> None:
        """Write to its standard input."""

    def kill(self) -> None:
        """End it at once; ``ended`` is called."""


class ResidentEngine:
    """One process for all runs; it starts with the first one.

    Args:
        process: starts and kills it; tests give a fake.
    """

    def __init__(self, process: Process) -> None:
        self._process = process
        self._alive: object | None = None
        """Stands for the process that runs; what another one says is not heard."""
        self._listener: Listener | None = None
        self._rest = b""
        self._killed = False
        self._answer: tuple[str, Fields] | None = None

    def run(self, request: Request, listener: Listener) -> None:
        if self._listener is not None:
            raise RuntimeError("a run is in progress: cancel it first")
        self._listener, self._killed, self._answer = listener, False, None
        if self._alive is None:
            self._start()
        if self._alive is not None:  # it could be started
            self._process.send(json.dumps(request.words()).encode() + b"\n")

    def cancel(self) -> None:
        if self._listener is not None:
            self._killed = True
            self._process.kill()

    def close(self) -> None:
        if self._listener is not None:
            self.cancel()
        elif self._alive is not None:
            self._alive = None  # its end is no crash
            self._process.kill()

    def _start(self) -> None:
        this = self._alive = object()
        self._rest = b""

        def received(data: bytes) -> None:
            if self._alive is this:
                self._received(data)

        def ended(code: int, errors: str) -> None:
            if self._alive is this:
                self._alive = None
                self._crashed(code, errors)

        self._process.start(["resident"], received, ended)

    def _received(self, data: bytes) -> None:
        """A part of the output, which may end within a line."""
        *whole, self._rest = (self._rest + data).split(b"\n")
        for line in whole:
            try:
                event = json.loads(line)
                kind = event.pop("event")
                complete = FIELDS[kind] <= event.keys()
            except (ValueError, LookupError, AttributeError, TypeError, RecursionError):
                continue  # printed by a library
            if complete:
                self._tell(kind, event)

    def _tell(self, kind: str, event: dict[str, Any]) -> None:
        listener = self._listener
        if listener is None or self._killed:
            return
        if kind == "ended":
            self._ended(listener, event)
        elif self._answer:
            return
        elif kind == "progress":
            listener.progressed(event["done"], event["total"], event["stage"])
        elif kind == "notice":
            listener.noticed(event["text"])
        elif kind == "row":
            listener.row_added(event)
        elif kind in ("finished", "failed"):
            self._answer = kind, event  # told at the end of the run: its files are then complete

    def _ended(self, listener: Listener, event: Fields) -> None:
        """The run has ended, and the process waits for the next one."""
        self._listener = None
        kind, fields = self._answer or ("", {})
        if kind == "finished" and event["code"] == 0:
            listener.finished(fields)
        else:
            none = f"the engine ended the run with code {event['code']} and no message"
            listener.failed(fields.get("message") or event.get("message") or none)

    def _crashed(self, code: int, errors: str) -> None:
        """The process has ended; without a run there is nothing to say."""
        listener, self._listener = self._listener, None
        if listener is None:
            return
        if self._killed:
            listener.cancelled()
        elif self._answer and self._answer[0] == "failed":
            listener.failed(self._answer[1]["message"])
        else:
            listener.failed(last_words(errors, code))


def last_words(errors: str, code: int) -> str:
    """The message of an engine that ended without an event: for the user, or of a traceback."""
    before, mark, message = errors.rpartition("shaspec: ")
    if mark:
        return " ".join(message.split())
    tail = before[-TAIL:].strip() or errors[-TAIL:].strip()
    return tail or f"the engine ended with exit code {code} and no message"
