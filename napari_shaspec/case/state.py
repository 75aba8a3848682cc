"""State of the panels that work on a case."""

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
    """The state of a panel that works on a case."""

    models: tuple[str, ...] = ()
    cases: tuple[str, ...] = ()
    """The open cases of the viewer."""
    recent: tuple[RecentCase, ...] = ()
    """Recently opened cases that are not open now."""
    case: str = ""
    """The case in the table."""
    choices: tuple[Image, ...] = ()
    """The layers that can be assigned, topmost first."""
    sources: dict[str, Image | None] = field(default_factory=dict)
    """Modality -> its layer, for the modalities of the model's task, in its order."""
    present: frozenset[str] = frozenset()
    """The ticked modalities; each of them has a layer."""

    @property
    @abstractmethod
    def task(self) -> Task | None:
        """The task of the model; None while there is no model."""


def verb(task: Task) -> str:
    """The label of the button in the panel *Segment*."""
    return "Classify" if task.kind == "classification" else "Segment"


@dataclass(eq=False)
class ModelState(CaseState):
    """The state of a panel that works with one model at a time."""

    model: str = ""
    card: Card | None = None
    seen: Seen = ""
    """Whether the case was in the training set of the model."""

    @property
    def card_in_use(self) -> Card:
        """The card of the model; raises `InputError` if there is no model."""
        if self.card is None:
            raise InputError("there is no model: choose one, or open a model folder")
        return self.card

    @property
    def task(self) -> Task | None:
        """The task of the model."""
        return None if self.card is None else self.card.task
