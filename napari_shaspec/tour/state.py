"""State of the guided tour."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from napari_shaspec.jobs.state import JobState
from napari_shaspec.tour.steps import Step

if TYPE_CHECKING:
    pass


@dataclass(eq=False)
class TourState(JobState):
    """Everything that the guided tour shows."""

    steps: tuple[Step, ...] = ()
    at: int = 0
    """Which step is read, from 0."""

    @property
    def step(self) -> Step:
        """The step that is read."""
        return self.steps[self.at]
