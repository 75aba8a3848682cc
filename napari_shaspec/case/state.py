"""State of the panels whose jobs are about a case."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from napari_shaspec.jobs.state import JobState
from napari_shaspec.recent_cases import RecentCase
from shaspec.errors import InputError
from shaspec.task import Task

if TYPE_CHECKING:
    from napari.layers import Image

    from shaspec.models.card import Card, Seen
    from shaspec.task import Task


@dataclass(eq=False)
class CaseState(JobState, ABC):
    """What a panel shows whose jobs are about a case."""

    models: tuple[str, ...] = ()
    cases: tuple[str, ...] = ()
    """The cases that are open in the viewer."""
    recent: tuple[RecentCase, ...] = ()
    """The cases that were opened last and are not open now."""
    case: str = ""
    """The case in the table."""
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
class ModelState(CaseState):
    """What a panel shows that works with one model at a time."""

    model: str = ""
    card: Card | None = None
    seen: Seen = ""
    """How the model knows this case from its training."""

    @property
    def card_in_use(self) -> Card:
        """The card of the model; raises `InputError` while there is none."""
        if self.card is None:
            raise InputError("there is no model: choose one, or open a model folder")
        return self.card

    @property
    def task(self) -> Task | None:
        """That of the model."""
        return None if self.card is None else self.card.task
