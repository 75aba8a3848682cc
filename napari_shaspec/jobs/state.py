"""Base class of the states of the panels, as evented fields: status, progress and message."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path
from typing import ClassVar, Literal

from psygnal import SignalGroupDescriptor

from shaspec.inference.events import Progress


class Status(Enum):
    """Status of a job."""

    IDLE = "idle"
    LOADING = "loading"
    """The job has started; the first window has not."""
    RUNNING = "running"
    CANCELLING = "cancelling"
    DONE = "done"
    FAILED = "failed"

    @property
    def busy(self) -> bool:
        """A job is running, so its inputs must not change."""
        return self in (Status.LOADING, Status.RUNNING, Status.CANCELLING)


Level = Literal["info", "warning", "error"]


@dataclass(frozen=True)
class Message:
    """A message for the user."""

    text: str = ""
    level: Level = "info"


@dataclass(frozen=True)
class Written:
    """Event: a file was written."""

    path: Path


@dataclass(eq=False)
class JobState:
    """The job of a panel. Fields are replaced, never changed in place."""

    events: ClassVar[SignalGroupDescriptor] = SignalGroupDescriptor()

    status: Status = Status.IDLE
    progress: Progress = field(default_factory=lambda: Progress(0, 0, ""))
    message: Message = Message()
