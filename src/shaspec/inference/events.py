"""Events of a running job: progress, notices and the result.

Every job of the engine is a generator of these events. It works between two ``next()`` calls, so
closing it cancels the job; the session keeps what was finished by then.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Generic, TypeVar

from shaspec.prediction import Classification, Prediction

T_co = TypeVar("T_co", covariant=True)
P_co = TypeVar("P_co", bound=Prediction | Classification, covariant=True)


@dataclass(frozen=True)
class Progress:
    """Progress of a job."""

    done: int
    """Units (windows) that are finished."""
    total: int
    """Units of the whole job; all take about the same time."""
    stage: str
    """Short text, e.g. ``encode T1``."""


@dataclass(frozen=True)
class Notice:
    """Something a user should read, e.g. that the run continued with smaller windows."""

    text: str
    """One or two sentences."""


@dataclass(frozen=True)
class Finished(Generic[P_co]):
    """The last event of a job that was not cancelled."""

    prediction: P_co
    """The result."""


@dataclass(frozen=True)
class Computed(Generic[T_co]):
    """The last event of a job with another result than a prediction."""

    value: T_co
    """The result."""


Event = Progress | Notice | Finished[Prediction]


@dataclass
class Count:
    """How far a run is."""

    total: int
    done: int = 0
    encoding: float = 0.0  # seconds

    def tick(self, stage: str) -> Progress:
        """One more unit is finished."""
        self.done += 1
        return Progress(self.done, self.total, stage)
