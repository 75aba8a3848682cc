"""What is done to every case of a cohort, and which part of the cases a process takes."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import TypeVar

from shaspec.errors import InputError
from shaspec.task import Subset, Task

T = TypeVar("T")

AVAILABLE = "available"
ALL = "all"


@dataclass(frozen=True)
class Settings:
    """How the cases are segmented."""

    model: str
    """A bundled model, or the path of a model folder."""
    subsets: str = AVAILABLE
    """``available``: one result per case, from all modalities that it has. ``all``: one from every
    subset of them. Else a list of subsets, e.g. ``FLAIR+T2,T1ce``; those that a case has."""
    probabilities: bool = False
    """Whether the probabilities of the regions are written too."""
    device: str = "auto"
    """``auto``, ``cpu``, ``cuda``, ``cuda:1`` ..."""
    window: tuple[int, ...] | None = None
    """Voxels (S, P, L); None: that of the card."""
    overlap: float = 0.25
    """Least share of a window that overlaps with the next."""
    grid: str = ""
    """The modality whose grid the result lies on, or ``finest``; empty: the first present."""
    overwrite: bool = False
    """Whether results that are there are made again."""

    def listed(self, task: Task) -> list[Subset]:
        """The subsets of a list; empty for ``available`` and ``all``.

        Raises:
            InputError: for an unknown modality.
        """
        if self.subsets.strip().lower() in (AVAILABLE, ALL):
            return []
        return list(dict.fromkeys(map(task.parse_subset, self.subsets.split(","))))

    def subsets_of(self, there: Collection[str], case: str, task: Task) -> list[Subset]:
        """The subsets to segment of a case that has the modalities ``there``.

        Raises:
            InputError: if it has none of those that are listed.
        """
        if self.subsets.strip().lower() == AVAILABLE:
            return [task.subset(there)]
        found = [s for s in self.listed(task) or task.subsets() if set(s) <= set(there)]
        if not found:
            raise InputError(f"case {case} has {', '.join(there)}, so none of {self.subsets}")
        return found

    def key(self, sha256: str) -> str:
        """The same for runs that give the same results from the same files.

        Args:
            sha256: of the model.
        """
        facts = [sha256, self.window, self.overlap, self.grid, self.probabilities]
        return hashlib.sha256(json.dumps(facts).encode()).hexdigest()[:16]


def shard_of(cases: Sequence[T], shard: str) -> list[T]:
    """The cases of one process out of several.

    Args:
        cases: all of them, in the same order in every process.
        shard: ``2/8``: the second of eight parts, which have equal sizes; empty: all cases.

    Raises:
        InputError: for other texts.
    """
    if not shard:
        return list(cases)
    found = re.fullmatch(r"(\d{1,6})/(\d{1,6})", shard.strip())
    number, count = map(int, found.groups()) if found else (0, 0)
    if not 1 <= number <= count:
        raise InputError(f"--shard {shard!r}: give a number of N parts as i/N, from 1/N to N/N")
    return list(cases[number - 1 :: count])
