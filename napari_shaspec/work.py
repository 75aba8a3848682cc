"""The state of one viewer's work, as evented fields: all that a view needs to show."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING, ClassVar, Literal

from psygnal import SignalGroupDescriptor

from napari_shaspec.layers.arrange import View
from shaspec.inference.events import Progress
from shaspec.inference.prediction import Classification, Prediction
from shaspec.task import Task

if TYPE_CHECKING:
    from napari.layers import Image

    from shaspec.models.card import Card, Seen
    from shaspec.task import Task


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
class JobWork:
    """What every panel shows: a job. A field is replaced, never changed in place."""

    events: ClassVar[SignalGroupDescriptor] = SignalGroupDescriptor()

    status: Status = Status.IDLE
    progress: Progress = field(default_factory=lambda: Progress(0, 0, ""))
    message: Message = Message()


@dataclass(eq=False)
class PanelWork(JobWork, ABC):
    """What a panel shows whose jobs are about a case."""

    events: ClassVar[SignalGroupDescriptor] = SignalGroupDescriptor()

    models: tuple[str, ...] = ()
    case: str = ""
    choices: tuple[Image, ...] = ()
    """The layers that can be assigned, the top of the list first."""
    sources: dict[str, Image | None] = field(default_factory=dict)
    """Modality -> the layer it is taken from; the modalities of the model's task, in its order."""
    present: frozenset[str] = frozenset()
    """The ticked modalities; each of them has a layer."""

    @property
    @abstractmethod
    def task(self) -> Task | None:
        """What is segmented from what; None while there is no model."""


def verb(task: Task) -> str:
    """What the panel *Segment* does for a task, and its button says."""
    return "Classify" if task.kind == "classification" else "Segment"


@dataclass(eq=False)
class ModelWork(PanelWork):
    """What a panel shows that works with one model at a time."""

    events: ClassVar[SignalGroupDescriptor] = SignalGroupDescriptor()

    model: str = ""
    card: Card | None = None
    seen: Seen = ""
    """How the model knows this case from its training."""

    @property
    def task(self) -> Task | None:
        """That of the model."""
        return None if self.card is None else self.card.task


@dataclass(eq=False)
class Work(ModelWork):
    """Everything that the panel *Segment* shows."""

    events: ClassVar[SignalGroupDescriptor] = SignalGroupDescriptor()

    results: tuple[Prediction | Classification, ...] = ()
    """What was found in this case, one per subset, in the order of their first runs."""
    shown: str = ""
    """Subset name of the result that is shown."""
    view: View = View.STACK
    """The way the case is looked at."""
    auto_update: bool = True
    """A toggle segments again at once where the features are kept."""
