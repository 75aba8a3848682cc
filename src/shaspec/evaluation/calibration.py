"""Temperature by likelihood, and how far probabilities are from observed frequencies.

Sources: Guo et al., "On Calibration of Modern Neural Networks", ICML 2017, arXiv:1706.04599
(temperature scaling, reliability diagram, expected calibration error).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from scipy.optimize import minimize_scalar
from scipy.special import expit

from shaspec.errors import InputError
from shaspec.evaluation.logit_counts import LOGITS, Floats, LogitCounts, total

LIMITS = (0.1, 10.0)
"""Lowest and highest temperature of the search."""
BINS = 15
"""Bins of a reliability diagram, of equal width."""
FLOOR = 0.01
"""Voxels that the network gives less do not count, neither in the fit nor in diagram and error.
Nearly all voxels are of this kind: with them every error would be about 0, and the few missed ones
among them would decide the temperature of the others."""

Counts = Mapping[int, Mapping[str, LogitCounts]]
"""Number of present modalities -> region -> counts."""


def negative_log_likelihood(counts: LogitCounts, temperature: float) -> float:
    """Mean over the voxels of -log of the probability given to the truth, at a temperature.

    Of voxels with an uncalibrated probability of `FLOOR` or more.
    """
    counted = expit(LOGITS) >= FLOOR
    scaled, voxels = LOGITS[counted] / temperature, counts.counts[:, counted]
    outside, inside = np.logaddexp(0, scaled), np.logaddexp(0, -scaled)
    return float(voxels[0] @ outside + voxels[1] @ inside) / max(1, int(voxels.sum()))


def fit_temperature(counts: LogitCounts) -> float:
    """The temperature of the highest likelihood.

    Args:
        counts: of uncalibrated probabilities.

    Returns:
        A temperature within `LIMITS`; 1 where the true region is empty, which says nothing about
        the probabilities inside of it.
    """
    if not counts.counts[1].any():
        return 1.0
    low, high = np.log(LIMITS)
    # The negative log likelihood is convex in 1 / temperature, so there is one minimum.
    minimum = minimize_scalar(
        lambda log: negative_log_likelihood(counts, float(np.exp(log))),
        bounds=(low, high),
        method="bounded",
        options={"xatol": 1e-4},
    )
    return float(np.exp(minimum.x))


@dataclass(frozen=True, eq=False)
class Reliability:
    """A reliability diagram: per bin of probability how often the voxel was in the region."""

    voxels: Floats
    """(`BINS`,)"""
    predicted: Floats
    """(`BINS`,) mean probability; NaN in an empty bin."""
    observed: Floats
    """(`BINS`,) share of voxels inside of the true region; NaN in an empty bin."""

    @property
    def error(self) -> float:
        """Expected calibration error: mean distance of the two, weighted by voxels; 0 without."""
        gap = np.nan_to_num(np.abs(self.predicted - self.observed))
        return float(gap @ self.voxels / max(1.0, self.voxels.sum()))


def reliability(counts: LogitCounts, temperature: float = 1.0) -> Reliability:
    """The reliability diagram at a temperature, of voxels that the network gives `FLOOR` or more.

    Args:
        counts: of uncalibrated probabilities. They decide which voxels count, so diagrams at two
            temperatures show the same voxels.
        temperature: by which the probabilities are divided before.

    Returns:
        Values per bin.
    """
    counted = expit(LOGITS) >= FLOOR
    p = expit(LOGITS[counted] / temperature)
    outside, inside = counts.counts[:, counted].astype(np.float64)
    place = np.minimum((p * BINS).astype(int), BINS - 1)
    voxels: Floats = np.bincount(place, outside + inside, BINS).astype(np.float64)
    filled = np.where(voxels > 0, voxels, np.nan)
    predicted = np.bincount(place, (outside + inside) * p, BINS) / filled
    return Reliability(voxels, predicted, np.bincount(place, inside, BINS) / filled)


def of_region(counts: Counts, region: str) -> LogitCounts:
    """The counts of a region over all sizes of subset.

    Raises:
        InputError: if there are none.
    """
    region_counts = [by_region[region] for by_region in counts.values() if region in by_region]
    if not region_counts:
        raise InputError(f"no voxels of region {region} were counted")
    return total(region_counts)


def fit(counts: Counts) -> dict[str, float]:
    """Region -> temperature, fitted over all subsets, rounded to three digits."""
    regions = dict.fromkeys(name for by_region in counts.values() for name in by_region)
    return {name: round(fit_temperature(of_region(counts, name)), 3) for name in regions}


def merged(several: list[Counts]) -> dict[int, dict[str, LogitCounts]]:
    """The sum of the counts of several cases or folds."""
    together: dict[int, dict[str, LogitCounts]] = {}
    for counts in several:
        for size, by_region in counts.items():
            mine = together.setdefault(size, {})
            for name, more in by_region.items():
                mine[name] = mine[name] + more if name in mine else more
    return dict(sorted(together.items()))
