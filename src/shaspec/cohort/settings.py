"""The settings of a cohort run, and the part of the cases that a process segments."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import TypeVar

from shaspec.errors import InputError
from shaspec.inference.options import RunOptions
from shaspec.task import Subset, Task

T = TypeVar("T")

AVAILABLE = "available"
ALL = "all"


@dataclass(frozen=True)
class Settings(RunOptions):
    """How the cases are segmented."""

    model: str
    """A bundled model, or the path of a model folder."""
    subsets: str = AVAILABLE
    """``available``: one result per case, from all its modalities. ``all``: one from every subset
    of them. Otherwise a list of subsets, e.g. ``FLAIR+T2,T1ce``, used if the case has them."""
    probabilities: bool = False
    """Whether the probabilities of the regions are written too."""
    grid: str = ""
    """The modality whose grid is used for the result, or ``finest``; empty: the first present."""
    overwrite: bool = False
    """Whether existing results are replaced."""

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
        subsets = [s for s in self.listed(task) or task.subsets() if set(s) <= set(there)]
        if not subsets:
            raise InputError(f"case {case} has {', '.join(there)}, so none of {self.subsets}")
        return subsets

    def key(self, sha256: str) -> str:
        """A hash that is equal for runs with the same results from the same files.

        Args:
            sha256: of the model.
        """
        facts = [sha256, self.window, self.overlap, self.grid, self.probabilities]
        if self.precision != "auto":  # keys of manifests written without --precision stay valid
            facts.append(self.precision)
        return hashlib.sha256(json.dumps(facts).encode()).hexdigest()[:16]


def shard_of(cases: Sequence[T], shard: str) -> list[T]:
    """The cases of one of several processes.

    Args:
        cases: all of them, in the same order in every process.
        shard: ``2/8``: the second of eight parts, which have equal sizes; empty: all cases.

    Raises:
        InputError: if ``shard`` has another form.
    """
    if not shard:
        return list(cases)
    match = re.fullmatch(r"(\d{1,6})/(\d{1,6})", shard.strip())
    number, count = map(int, match.groups()) if match else (0, 0)
    if not 1 <= number <= count:
        raise InputError(f"--shard {shard!r}: give a number of N parts as i/N, from 1/N to N/N")
    return list(cases[number - 1 :: count])
