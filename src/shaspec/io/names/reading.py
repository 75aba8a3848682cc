"""What a name says, with its evidence and how certain it is."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

LABELS = "labels"
"""The role of a label file beside the modality names."""


class Certainty(StrEnum):
    """How sure a name is of the role: used as it is, used with a notice, or not used."""

    CERTAIN = "certain"
    PROBABLE = "probable"
    DOUBTFUL = "doubtful"


@dataclass(frozen=True)
class Match:
    """The ``role`` that a name stands for: a modality or ``labels``."""

    role: str
    certainty: Certainty
    evidence: tuple[str, ...]
    """The words that say so, as they are spelled."""
    reason: str
    """Why it is probable only; empty where it is certain."""
    start: int
    stop: int
    """Where the name describes the image, ``stem(name)[start:stop]``; the rest names the case."""


@dataclass(frozen=True)
class Reading:
    """What a name says: a ``match``; or a doubt, with its ``candidates``; or neither."""

    match: Match | None = None
    candidates: tuple[str, ...] = ()
    """The roles that the name may stand for, where that is doubtful."""
    reason: str = ""
    """Why there is no match."""
    evidence: tuple[str, ...] = ()
    """The words that the reason is about."""

    @property
    def certainty(self) -> Certainty:
        """`DOUBTFUL` where there is no match."""
        return self.match.certainty if self.match else Certainty.DOUBTFUL
