"""``shaspec train`` in a separate process: a crash of the training does not crash napari.

A worker thread starts the process and reads its events from a pipe. If napari dies, the next write
of the training fails, and it stops with a checkpoint.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO, Protocol

from shaspec.errors import ShaspecError
from shaspec.training.events import Failed, TrainingEvent, from_json

PATIENCE = 300.0  # seconds for the current step and a checkpoint
TAIL = 2000  # characters of stderr shown in an error
THREADS = "OMP_NUM_THREADS"


class Process(Protocol):
    """A training process: not yet started, running or ended."""

    def events(self) -> Iterator[TrainingEvent]:
        """Starts the process and yields its events; closing the iterator stops it.

        Raises:
            ShaspecError: the training failed.
        """
        ...

    def stop(self) -> None:
        """Requests a stop with a checkpoint; returns at once. Safe from any thread."""
        ...


class TrainingProcess:
    """The run described by the file ``path``, resumed if the run folder has a checkpoint."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._process: subprocess.Popen[str] | None = None
        self._stopped = False

    def events(self) -> Iterator[TrainingEvent]:
        with TemporaryFile("w+", encoding="utf-8", errors="replace") as errors:
            process = self._start(errors)
            try:
                assert process.stdout is not None
                for line in process.stdout:
                    event = from_json(line)
                    if isinstance(event, Failed):
                        raise ShaspecError(event.message)
                    if event is not None:
                        yield event
                process.wait(PATIENCE)
            finally:
                self._end(process)
            if process.returncode and not self._stopped:
                errors.seek(0)
                raise ShaspecError(_last_words(errors.read(), process.returncode))

    def stop(self) -> None:
        self._stopped = True
        # On Windows terminate() kills the process; there, closing the pipe stops it.
        if self._process is not None and sys.platform != "win32":
            self._process.terminate()

    def _start(self, errors: IO[str]) -> subprocess.Popen[str]:
        cores = max(1, (os.cpu_count() or 2) - 1)  # one for the napari window
        process = subprocess.Popen(
            [sys.executable, "-m", "shaspec", "train", str(self._path), "--json"],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=errors,
            encoding="utf-8",
            cwd=self._path.parent,  # contains no Python modules
            env={THREADS: str(cores), **os.environ, "COLUMNS": "1000"},  # no line breaks
            creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
        )
        self._process = process
        if self._stopped:  # stopped before the process was started
            process.terminate()
        return process

    def _end(self, process: subprocess.Popen[str]) -> None:
        """Ends the process if it still runs."""
        if process.poll() is None:
            self.stop()
        assert process.stdout is not None
        process.stdout.close()
        try:
            process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _last_words(stderr: str, code: int) -> str:
    """The error of the process: its message for the user, or the end of the traceback."""
    text = stderr.rpartition("shaspec: ")[2].strip()
    message = " ".join(text.split()) if "shaspec: " in stderr else text[-TAIL:]
    return message or f"training ended with exit code {code} and no error message"
