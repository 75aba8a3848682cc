"""The budget of a run: minutes, steps or both."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from shaspec.training.config import TrainConfig


@dataclass
class Clock:
    """Minutes and steps of a run, including the time before it was resumed."""

    config: TrainConfig
    minutes_before: float
    started: float = field(default_factory=time.monotonic)

    @property
    def minutes(self) -> float:
        return self.minutes_before + (time.monotonic() - self.started) / 60

    def progress(self, step: int) -> float:
        """Used share of the budget, 0 to 1; 1 ends the run."""
        c = self.config
        by_time = self.minutes / c.max_minutes if c.max_minutes else 0.0
        by_step = step / c.max_steps if c.max_steps else 0.0
        return min(1.0, max(by_time, by_step))

    @contextmanager
    def paused(self) -> Iterator[None]:
        """Time spent in this context does not count."""
        begin = time.monotonic()
        try:
            yield
        finally:
            self.started += time.monotonic() - begin


class Interval:
    """A timer that rings every ``minutes`` minutes of a clock."""

    def __init__(self, clock: Clock, minutes: float) -> None:
        self._clock, self._minutes, self._last = clock, minutes, clock.minutes

    def is_over(self) -> bool:
        """True once per interval."""
        due = self._clock.minutes - self._last > self._minutes
        if due:
            self._last = self._clock.minutes
        return due
