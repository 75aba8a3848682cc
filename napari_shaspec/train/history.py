"""The loss terms of a run at each step, subsampled and smoothed for a plot."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import numpy.typing as npt

from shaspec.files.reading import is_file, read_bytes
from shaspec.training.events import Step, Validation, from_json
from shaspec.training.runlog import LOG, LONGEST

POINTS = 400  # per line in the plot
MEMORY = 0.04  # span of the exponential moving average, as a fraction of the steps


@dataclass(eq=False)
class LossCurve:
    """Loss terms of all steps so far. `append` adds a step; `lines` returns what to plot."""

    steps: list[int] = field(default_factory=list)
    terms: dict[str, list[float]] = field(default_factory=dict)

    def append(self, event: Step) -> None:
        """Adds a step; a new term is NaN in earlier steps."""
        for name in event.losses:
            self.terms.setdefault(name, [np.nan] * len(self.steps))
        self.steps.append(event.step)
        for name, values in self.terms.items():
            values.append(event.losses.get(name, np.nan))

    def lines(self) -> Iterator[tuple[str, npt.NDArray[np.int64], npt.NDArray[np.float64]]]:
        """Name, steps and smoothed values of each term, at most `POINTS` values."""
        import pandas as pd

        every = max(1, -(-len(self.steps) // POINTS))
        span = max(1.0, MEMORY * len(self.steps))
        for name, values in self.terms.items():
            smooth = pd.Series(values).ewm(span=span).mean().to_numpy()
            # From the end, to include the newest step.
            yield name, np.array(self.steps)[::-every][::-1], smooth[::-every][::-1]


@dataclass(frozen=True)
class Past:
    """Losses and validations of a run before it was resumed."""

    curve: LossCurve = field(default_factory=LossCurve)
    validations: tuple[Validation, ...] = ()


def read_log(folder: Path, until: int) -> Past:
    """Reads the log of a run up to step ``until``; truncated and damaged lines are skipped.

    Raises:
        InputError: the log cannot be read.
    """
    curve, validations, path = LossCurve(), [], folder / LOG
    for line in read_bytes(path, LONGEST).splitlines() if is_file(path) else ():
        event = from_json(line.decode("utf-8", "replace"))
        if isinstance(event, Step) and event.step <= until:
            curve.append(event)
        elif isinstance(event, Validation) and event.step <= until:
            validations.append(event)
    return Past(curve, tuple(validations))
