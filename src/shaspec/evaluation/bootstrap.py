"""How sure a mean over cases is: percentile bootstrap, cases drawn with replacement.

With a handful of cases such intervals are rough and tend to be too narrow: say so beside them.
"""

from __future__ import annotations

import math
from functools import lru_cache

import numpy as np
import numpy.typing as npt

RESAMPLES = 5000
SEED = 0
FEW_CASES = 10
"""With fewer cases than this an interval is called rough."""

Floats = npt.NDArray[np.float64]


def interval(values: Floats) -> tuple[float, float]:
    """95 % interval of the mean of ``values`` (cases,); NaN below two cases."""
    if len(values) < 2:
        return math.nan, math.nan
    return quantiles(draws(len(values)) @ values / len(values))


def quantiles(resampled: Floats) -> tuple[float, float]:
    """The bounds that leave out 2.5 % on either side; NaN where nothing is defined."""
    defined = resampled[~np.isnan(resampled)]
    if not len(defined):
        return math.nan, math.nan
    low, high = np.quantile(defined, [0.025, 0.975])
    return float(low), float(high)


@lru_cache(maxsize=8)
def draws(cases: int) -> Floats:
    """How often each case is drawn (RESAMPLES, cases): seeded, the same for every table."""
    rng = np.random.default_rng(SEED)
    return rng.multinomial(cases, np.full(cases, 1 / cases), RESAMPLES).astype(np.float64)


def caution(cases: int) -> str:
    """What has to stand beside an interval over so many cases; empty if nothing has to."""
    if cases >= FEW_CASES:
        return ""
    return f"{cases} case{'s' * (cases != 1)} are few: intervals are rough, differences may be luck"
