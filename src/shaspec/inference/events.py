"""What a running job tells whoever drives it: a progress bar, a notice, the result.

Every engine job is a plain generator of these events. It works between two ``next()`` calls, so a
caller cancels by closing it; whatever was finished by then is kept by the session.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Generic, TypeVar

from shaspec.prediction import Classification, Prediction

T_co = TypeVar("T_co", covariant=True)
P_co = TypeVar("P_co", bound=Prediction | Classification, covariant=True)


@dataclass(frozen=True)
class Progress:
    """``done`` of ``total`` equal units (windows) are finished; ``stage`` is a short text."""

    done: int
    total: int
    stage: str


@dataclass(frozen=True)
class Notice:
    """Something a user should read, e.g. that smaller windows were taken for lack of memory."""

    text: str


@dataclass(frozen=True)
class Finished(Generic[P_co]):
    """The last event of a job that was not cancelled."""

    prediction: P_co


@dataclass(frozen=True)
class Computed(Generic[T_co]):
    """The last event of a job that asked for something else than a prediction."""

    value: T_co


Event = Progress | Notice | Finished[Prediction]
