"""Voxels of a region counted by the logit of their probability: all that calibration needs.

Counts of cases, subsets and folds add up, so no probabilities need to be kept.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import reduce
from typing import Any

import numpy as np
import numpy.typing as npt

from shaspec.errors import InputError

LARGEST = 16.0
"""Logits beyond are counted in the last bin: a float32 sigmoid is 0 or 1 there, within 1e-7."""
BINS = 640
"""Bins of 0.05."""

Floats = npt.NDArray[np.float64]

LOGITS: Floats = np.linspace(-LARGEST, LARGEST, BINS, endpoint=False) + LARGEST / BINS
"""Middle of each bin."""


@dataclass(frozen=True, eq=False)
class LogitCounts:
    """Numbers of voxels outside and inside of a true region, by logit."""

    counts: npt.NDArray[np.int64]
    """(2, `BINS`): outside, inside."""

    @classmethod
    def of(cls, probability: npt.NDArray[np.floating], truth: npt.NDArray[Any]) -> LogitCounts:
        """Count voxels.

        Args:
            probability: of the region (*spatial). Voxels with exactly 0 are left out: no window
                covers them, see `shaspec.prediction.Prediction.probabilities`.
            truth: bool mask of the same shape.

        Returns:
            The counts.
        """
        covered = probability > 0
        p = np.asarray(probability[covered], np.float64)
        with np.errstate(divide="ignore"):
            logit = np.clip(np.log(p) - np.log1p(-p), -LARGEST, LARGEST)
        inside = np.asarray(truth, bool)[covered]
        limits = (-LARGEST, LARGEST)
        kinds = [np.histogram(logit[side], BINS, limits)[0] for side in (~inside, inside)]
        return cls(np.stack(kinds).astype(np.int64))

    def __add__(self, other: LogitCounts) -> LogitCounts:
        return LogitCounts(self.counts + other.counts)

    @property
    def voxels(self) -> int:
        """Number of counted voxels."""
        return int(self.counts.sum())

    def as_json(self) -> list[list[int]]:
        """For a JSON file; see `from_json`."""
        lists: list[list[int]] = self.counts.tolist()
        return lists

    @classmethod
    def from_json(cls, content: Any) -> LogitCounts:
        """The counts of `as_json`; raises `InputError` for anything else."""
        try:
            counts = np.array(content, np.int64)
        except (TypeError, ValueError, OverflowError) as error:
            raise InputError(f"not counts of logits: {error}") from error
        if counts.shape != (2, BINS) or (counts < 0).any():
            raise InputError(f"not counts of logits: expected 2 x {BINS} numbers of 0 or more")
        return cls(counts)


def total(counts: list[LogitCounts]) -> LogitCounts:
    """The sum of several counts, which must not be empty."""
    return reduce(LogitCounts.__add__, counts)
