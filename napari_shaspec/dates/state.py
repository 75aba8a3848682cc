"""State of the panel *Two dates*."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from napari_shaspec.jobs.state import JobState

if TYPE_CHECKING:
    from shaspec.analysis.change import Change
    from shaspec.models.card import Card, Seen


@dataclass(frozen=True, eq=False)
class Measured:
    """The change between two dates, with the texts of its report."""

    change: Change
    table: list[list[str]]
    """A header, and a row per region."""
    note: str
    """From which modalities, and what the numbers do not mean."""


@dataclass(eq=False)
class DatesState(JobState):
    """Everything the panel *Two dates* shows."""

    models: tuple[str, ...] = ()
    model: str = ""
    card: Card | None = None
    seen: Seen = ""
    """Whether one of the two cases was in the training set of the model."""
    cases: tuple[str, ...] = ()
    """The open cases of the viewer."""
    earlier: str = ""
    later: str = ""
    measured: Measured | None = None
