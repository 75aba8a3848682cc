"""One input under watch: what became of it, how long it took and how much memory."""

from __future__ import annotations

import signal
import time
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from shaspec.errors import ShaspecError

MOST_SECONDS = 20
"""Of the processor, for one input."""
MOST_WAITING = 180
"""Seconds by the clock, for an input that waits for something, e.g. a FIFO."""
MIB = 1024**2


class Hang(BaseException):
    """An input took longer than it may; no ``except Exception`` swallows it."""


@dataclass(frozen=True)
class Seen:
    """What became of one input."""

    result: Literal["read", "refused", "foreign", "hang"]
    seconds: float
    """Of the processor."""
    mib: float
    """Growth of the process's memory at its highest."""
    error: BaseException | None = None


def watched(read: Callable[[Path], object], path: Path) -> Seen:
    """Read one input and look at memory, time and exceptions."""

    def alarm(*_: Any) -> None:
        raise Hang

    signal.signal(signal.SIGALRM, alarm)
    signal.signal(signal.SIGPROF, alarm)
    signal.alarm(MOST_WAITING)
    signal.setitimer(signal.ITIMER_PROF, MOST_SECONDS)
    Path("/proc/self/clear_refs").write_text("5")  # forget the highest value so far
    before, begin = _status("VmRSS"), time.process_time()
    result: Literal["read", "refused", "foreign", "hang"] = "read"
    error: BaseException | None = None
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            read(path)
    except ShaspecError as refused:
        result, error = "refused", refused
    except Hang as hang:
        result, error = "hang", hang
    except Exception as foreign:  # noqa: BLE001 - these are what is looked for
        result, error = "foreign", foreign
    finally:
        signal.alarm(0)
        signal.setitimer(signal.ITIMER_PROF, 0)
    seconds = time.process_time() - begin
    return Seen(result, seconds, max(0.0, _status("VmHWM") - before) / MIB, error)


def _status(key: str) -> float:
    """Bytes of memory of this process, by the name in ``/proc``."""
    for line in Path("/proc/self/status").read_text("ascii").splitlines():
        if line.startswith(f"{key}:"):
            return float(line.split()[1]) * 1024
    raise LookupError(key)
