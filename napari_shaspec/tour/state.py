"""State of the guided tour."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from napari_shaspec.jobs.state import JobState
from napari_shaspec.tour.steps import TourStep

if TYPE_CHECKING:
    pass


@dataclass(eq=False)
class TourState(JobState):
    """Everything the guided tour shows."""

    steps: tuple[TourStep, ...] = ()
    at: int = 0
    """Index of the current step, from 0."""

    @property
    def step(self) -> TourStep:
        """The current step."""
        return self.steps[self.at]
