"""``shaspec train`` as a process of its own: napari stays alive whatever becomes of it.

It is started and read in a worker thread. A pipe ties it to napari: if napari dies, the next line
that the training writes fails, and it ends in order, with a checkpoint.
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
from shaspec.training.events import Event, Failed, from_json

PATIENCE = 300.0  # seconds for the step that is being computed, and a checkpoint
TAIL = 2000  # characters of what it said on stderr
THREADS = "OMP_NUM_THREADS"


class Process(Protocol):
    """A training that is not started yet, running, or over."""

    def events(self) -> Iterator[Event]:
        """Starts it and yields what it tells; closing this stops it. Raises `ShaspecError`."""
        ...

    def stop(self) -> None:
        """Asks it to end with a checkpoint; returns at once. From any thread, at any time."""
        ...


class TrainingProcess:
    """The run that the configuration file ``path`` describes, from a checkpoint if there is one."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._process: subprocess.Popen[str] | None = None
        self._stopped = False

    def events(self) -> Iterator[Event]:
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
        # On Windows terminate() is no request but the end; there the closed pipe has to do.
        if self._process is not None and sys.platform != "win32":
            self._process.terminate()

    def _start(self, errors: IO[str]) -> subprocess.Popen[str]:
        cores = max(1, (os.cpu_count() or 2) - 1)  # one is the window's
        process = subprocess.Popen(
            [sys.executable, "-m", "shaspec", "train", str(self._path), "--json"],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=errors,
            encoding="utf-8",
            cwd=self._path.parent,  # nothing there that Python could take for a module
            env={THREADS: str(cores), **os.environ, "COLUMNS": "1000"},  # no message is broken
            creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
        )
        self._process = process
        if self._stopped:  # between the press of the button and now
            process.terminate()
        return process

    def _end(self, process: subprocess.Popen[str]) -> None:
        """No process outlives its reader."""
        if process.poll() is None:
            self.stop()
        assert process.stdout is not None
        process.stdout.close()
        try:
            process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _last_words(said: str, code: int) -> str:
    """What went wrong, as the process put it: its message for a user, or the end of a traceback."""
    text = said.rpartition("shaspec: ")[2].strip()
    told = " ".join(text.split()) if "shaspec: " in said else text[-TAIL:]
    return told or f"the training ended with code {code} and said nothing"
