"""Confidence intervals of means over cases: percentile bootstrap over cases.

With few cases such intervals are rough and tend to be too narrow; `caution` gives the warning.
"""

from __future__ import annotations

import math
from functools import lru_cache

import numpy as np
import numpy.typing as npt

RESAMPLES = 5000
SEED = 0
FEW_CASES = 10
"""With fewer cases, `caution` warns that intervals are rough."""

Floats = npt.NDArray[np.float64]


def interval(values: Floats) -> tuple[float, float]:
    """95 % interval of the mean of ``values`` (cases,); NaN with fewer than two cases."""
    if len(values) < 2:
        return math.nan, math.nan
    return quantiles(draws(len(values)) @ values / len(values))


def quantiles(resampled: Floats) -> tuple[float, float]:
    """The 2.5 % and 97.5 % quantiles, ignoring NaN; NaN if all values are NaN."""
    defined = resampled[~np.isnan(resampled)]
    if not len(defined):
        return math.nan, math.nan
    low, high = np.quantile(defined, [0.025, 0.975])
    return float(low), float(high)


@lru_cache(maxsize=8)
def draws(cases: int) -> Floats:
    """How often each case is drawn (RESAMPLES, cases); seeded, so the same for every table."""
    rng = np.random.default_rng(SEED)
    return rng.multinomial(cases, np.full(cases, 1 / cases), RESAMPLES).astype(np.float64)


def caution(cases: int) -> str:
    """The warning for intervals over ``cases`` cases; empty if there are enough."""
    if cases >= FEW_CASES:
        return ""
    noun = "case" if cases == 1 else "cases"
    return f"only {cases} {noun}: intervals are rough, differences may be due to chance"
