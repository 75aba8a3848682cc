"""The state of one viewer's work, as evented fields: all that a view needs to show."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING, ClassVar, Literal

from psygnal import SignalGroupDescriptor

from shaspec.inference.events import Progress

if TYPE_CHECKING:
    pass


class Status(Enum):
    """What the work is doing."""

    IDLE = "idle"
    LOADING = "loading"
    """A job has begun, its first window has not."""
    RUNNING = "running"
    CANCELLING = "cancelling"
    DONE = "done"
    FAILED = "failed"

    @property
    def busy(self) -> bool:
        """A job is there, so its inputs are not to be changed."""
        return self in (Status.LOADING, Status.RUNNING, Status.CANCELLING)


Level = Literal["info", "warning", "error"]


@dataclass(frozen=True)
class Message:
    """A sentence for the user."""

    text: str = ""
    level: Level = "info"


@dataclass(eq=False)
class JobState:
    """What every panel shows: a job. A field is replaced, never changed in place."""

    events: ClassVar[SignalGroupDescriptor] = SignalGroupDescriptor()

    status: Status = Status.IDLE
    progress: Progress = field(default_factory=lambda: Progress(0, 0, ""))
    message: Message = Message()
