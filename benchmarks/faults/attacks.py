"""Disturbances of a command: it is killed, an access fails, the disk is full, or it runs twice."""

from __future__ import annotations

import errno
import os
import resource
import signal
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any

from benchmarks.faults.commands import Command, ended, start

EVENTS = {"open", "os.rename", "os.remove", "os.mkdir"}
"""Audit events of Python that are counted as accesses."""
ERRORS = (errno.ENOSPC, errno.EACCES, errno.EROFS, errno.EDQUOT, errno.EIO)


@dataclass(frozen=True)
class Normal:
    """What an undisturbed run of a command looks like."""

    seconds: float
    accesses: int
    """Below the folder of the results."""
    sizes: tuple[int, ...]
    """Bytes of the files that it writes."""


Attack = Callable[[Command, Path, Normal, Random], int]
"""Runs a command under a disturbance; returns its exit code."""


def on_access(out: Path, number: int, act: Callable[[], None]) -> Callable[[], None]:
    """Call ``act`` at the access with this number below ``out``; 0: at every access."""
    seen = [0]

    def hook(event: str, values: Any) -> None:
        if event in EVENTS and str(out) in str(values[0]):
            seen[0] += 1
            if number in (0, seen[0]):
                act()

    return lambda: sys.addaudithook(hook)


def counted(command: Command, out: Path) -> tuple[int, int]:
    """An undisturbed run: its exit code, and its number of accesses."""
    reading, writing = os.pipe()
    code = ended(start(command.in_folder(out), on_access(out, 0, lambda: _tick(writing))))
    os.set_blocking(reading, False)
    accesses = len(os.read(reading, 65536))
    os.close(reading)
    os.close(writing)
    return code, accesses


def _tick(writing: int) -> None:
    os.write(writing, b".")


def killed_at_access(command: Command, out: Path, normal: Normal, rng: Random) -> int:
    """SIGKILL at a random access to a file."""
    at = on_access(out, rng.randint(1, normal.accesses), _kill)
    return ended(start(command.in_folder(out), at))


def killed_at_time(command: Command, out: Path, normal: Normal, rng: Random) -> int:
    """SIGKILL after a random time."""
    process = start(command.in_folder(out))
    time.sleep(rng.random() * normal.seconds)
    os.kill(process, signal.SIGKILL)
    return ended(process)


def _kill() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def failing_access(command: Command, out: Path, normal: Normal, rng: Random) -> int:
    """One access fails: no space, no permission, a read-only disk, a quota or a broken disk."""
    code = rng.choice(ERRORS)

    def fail() -> None:
        raise OSError(code, os.strerror(code))

    at = on_access(out, rng.randint(1, normal.accesses), fail)
    return ended(start(command.in_folder(out), at))


def full_disk(command: Command, out: Path, normal: Normal, rng: Random) -> int:
    """No file can become larger than a random size: the system refuses the write beyond it."""
    size = rng.choice(normal.sizes)
    limit = rng.choice((0, rng.randrange(size + 1), max(0, size - 1)))

    def small() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, resource.RLIM_INFINITY))

    return ended(start(command.in_folder(out), small))


def two_at_once(command: Command, out: Path, normal: Normal, rng: Random) -> int:
    """The same command twice in one folder; the worse exit code of the two."""
    first = start(command.in_folder(out))
    time.sleep(rng.random() * normal.seconds)
    second = start(command.in_folder(out))
    return max(ended(first), ended(second))


ATTACKS: dict[str, tuple[Attack, float]] = {
    "kill, access": (killed_at_access, 0.5),
    "kill, time": (killed_at_time, 0.5),
    "failed access": (failing_access, 1.0),
    "full disk": (full_disk, 0.5),
    "two at once": (two_at_once, 0.1),
}
"""Name -> attack, and how often in relation to ``--kills``."""
