"""State of the panel *Models*."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from napari_shaspec.jobs.state import JobState
from napari_shaspec.run_times import NOT_MEASURED, Seconds

if TYPE_CHECKING:
    from shaspec.models.card import Card


@dataclass(frozen=True)
class KnownModel:
    """A row of the list."""

    model: str
    """A bundled name, or a folder."""
    card: Card | None
    source: str
    """``bundled``, ``imported`` or ``trained``; empty without a card."""
    megabytes: float = 0.0
    seconds: Seconds = NOT_MEASURED
    problem: str = ""
    """Why the card cannot be read."""

    @property
    def name(self) -> str:
        """The last part of a folder."""
        return Path(self.model).name


@dataclass(eq=False)
class ModelsState(JobState):
    """Everything the panel *Models* shows."""

    models: tuple[KnownModel, ...] = ()
    chosen: str = ""
    """The selected model."""

    @property
    def shown(self) -> KnownModel | None:
        """The selected row."""
        return next((entry for entry in self.models if entry.model == self.chosen), None)
