"""The result of reading a name: the role, the evidence and the certainty."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

LABELS = "labels"
"""The role of a label file beside the modality names."""


class Certainty(StrEnum):
    """Certainty of a match: used, used with a notice, or not used."""

    CERTAIN = "certain"
    PROBABLE = "probable"
    DOUBTFUL = "doubtful"


@dataclass(frozen=True)
class Match:
    """The ``role`` that a name matches: a modality or ``labels``."""

    role: str
    certainty: Certainty
    evidence: tuple[str, ...]
    """The words of the name that led to the match, as spelled."""
    reason: str
    """Why it is only probable; empty if it is certain."""
    start: int
    stop: int
    """``stem(name)[start:stop]`` describes the image; the rest names the case."""


@dataclass(frozen=True)
class Reading:
    """The result for a name: a ``match``, or a doubt with its ``candidates``, or neither."""

    match: Match | None = None
    candidates: tuple[str, ...] = ()
    """The possible roles of a doubtful name."""
    reason: str = ""
    """Why there is no match."""
    evidence: tuple[str, ...] = ()
    """The words that the reason refers to."""

    @property
    def certainty(self) -> Certainty:
        """`DOUBTFUL` if there is no match."""
        return self.match.certainty if self.match else Certainty.DOUBTFUL
