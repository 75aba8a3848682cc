"""The engine as a process of Qt: it reports to the thread of the interface, which never waits."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

LONGEST = 20_000
"""Bytes of standard error that are kept."""


class QtProcess:
    """A process of the Python that comes with Slicer; see `ShaSpecLib.runner.Process`.

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
        errors = b""

        def output() -> None:
            received(bytes(process.readAllStandardOutput().data()))

        def complaint() -> None:
            nonlocal errors
            errors = (errors + bytes(process.readAllStandardError().data()))[-LONGEST:]

        def done(code: int = 0, *_: object) -> None:
            output()
            complaint()
            ended(int(code), errors.decode("utf-8", "replace"))

        def failed(error: int) -> None:
            if error == qt.QProcess.FailedToStart:  # no signal `finished` follows
                ended(-1, f"shaspec: {self._python} could not be started")

        process.connect("readyReadStandardOutput()", output)
        process.connect("readyReadStandardError()", complaint)
        process.connect("finished(int,QProcess::ExitStatus)", done)
        process.connect("errorOccurred(QProcess::ProcessError)", failed)
        process.start(self._python, ["-m", "shaspec", *words])

    def send(self, data: bytes) -> None:
        if self._process is not None:
            self._process.write(data)

    def kill(self) -> None:
        if self._process is not None:
            self._process.kill()
