"""What a row of the table is, and how seconds are taken."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

T = TypeVar("T")


@dataclass(frozen=True)
class Row:
    """One comparison within one run."""

    key: str
    """Name under which the ratio is stored."""
    what: str
    against: str
    seconds: float
    reference: float
    """Seconds of ``against``."""
    check: str
    """What was compared to see that both give the same, with its result."""
    aim: float | None = None
    """The ratio to reach; None: no aim."""

    @property
    def ratio(self) -> float:
        """Below 1: faster than the reference."""
        return self.seconds / self.reference


def cpu_seconds(job: Callable[[], T]) -> tuple[float, T]:
    """CPU seconds of this process, and the result; other work on the machine disturbs little."""
    start = time.process_time()
    result = job()
    return time.process_time() - start, result


def median_seconds(jobs: Sequence[Callable[[], object]]) -> float:
    """The median over jobs of one kind."""
    return statistics.median(cpu_seconds(job)[0] for job in jobs)
