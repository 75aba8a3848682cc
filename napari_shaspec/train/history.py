"""The loss terms of a run, step by step, thinned and smoothed for a plot."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import numpy.typing as npt

from shaspec.training.events import Step, Validation, from_json

LOG = "log.jsonl"
POINTS = 400  # of a line in the plot
MEMORY = 0.04  # share of the run over which a loss is averaged; what is older counts less


@dataclass(eq=False)
class LossCurve:
    """Grows by `append`; a view reads `lines`."""

    steps: list[int] = field(default_factory=list)
    terms: dict[str, list[float]] = field(default_factory=dict)

    def append(self, event: Step) -> None:
        """One step more; a term that was not there before is missing in the earlier ones."""
        for name in event.losses:
            self.terms.setdefault(name, [np.nan] * len(self.steps))
        self.steps.append(event.step)
        for name, values in self.terms.items():
            values.append(event.losses.get(name, np.nan))

    def lines(self) -> Iterator[tuple[str, npt.NDArray[np.int64], npt.NDArray[np.float64]]]:
        """Name, steps and smoothed values of each term, at most `POINTS` of them."""
        import pandas as pd

        every = max(1, -(-len(self.steps) // POINTS))
        span = max(1.0, MEMORY * len(self.steps))
        for name, values in self.terms.items():
            smooth = pd.Series(values).ewm(span=span).mean().to_numpy()
            # From the end, so that the newest step is always there.
            yield name, np.array(self.steps)[::-every][::-1], smooth[::-every][::-1]


@dataclass(frozen=True)
class Past:
    """What a run has told before."""

    curve: LossCurve = field(default_factory=LossCurve)
    validations: tuple[Validation, ...] = ()


def read_log(folder: Path, until: int) -> Past:
    """What the run in ``folder`` told up to the step ``until``; lines cut off are left out."""
    curve, validations, path = LossCurve(), [], folder / LOG
    for line in path.read_text("utf-8").splitlines() if path.is_file() else ():
        event = from_json(line)
        if isinstance(event, Step) and event.step <= until:
            curve.append(event)
        elif isinstance(event, Validation) and event.step <= until:
            validations.append(event)
    return Past(curve, tuple(validations))
