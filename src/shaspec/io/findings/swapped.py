"""Whether scans of a stripped brain are swapped, by the contrasts of all of them together.

In T1 fluid is dark and white matter bright, in T2 fluid is bright, FLAIR is T2 with dark fluid, and
contrast agent brightens vessels and tumour. So each sequence has its skewness of intensities, and
each pair its correlation and its tails: how far a few voxels stand out in one against the other.
The order of names whose usual values fit best is compared with the order that is given. No value
depends on the scale or the offset of intensities. Table and limits: `benchmarks/contrast_table.py`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations, permutations

import numpy as np
import numpy.typing as npt

Values = Mapping[str, npt.NDArray[np.float32]]
"""Name -> the same voxels of each scan."""
Numbers = npt.NDArray[np.float64]

NAMES = ("FLAIR", "T1", "T1ce", "T2")
OUTLIERS = (0.5, 99.5)  # percentiles; what is beyond counts neither for skewness nor correlation
TAILS = (0.3, 50, 99.7)  # percentiles of the difference of two scans
MOST = 4.0  # the logarithm of a ratio of tails counts up to this
BETTER = 8.0  # by which another order fits better; 6.1 in the worst of 42 correct cases
NOTHING_ENHANCES = -0.5  # T1 and T1ce are told apart by what enhances; above, hardly anything does

# Mean and deviation over 42 gliomas; deviations of at least 0.5, 0.2 and 0.4.
SKEWNESS = ((1.05, 1.16), (-0.66, 0.50), (0.19, 0.95), (1.75, 0.50))
PAIRS = {
    ("FLAIR", "T1"): ((0.09, 0.24), (-0.65, 0.40)),
    ("FLAIR", "T1ce"): ((0.10, 0.22), (-0.17, 0.40)),
    ("FLAIR", "T2"): ((0.22, 0.27), (1.17, 0.40)),
    ("T1", "T1ce"): ((0.62, 0.20), (1.38, 0.54)),
    ("T1", "T2"): ((-0.60, 0.20), (1.10, 0.40)),
    ("T1ce", "T2"): ((-0.40, 0.23), (0.69, 0.40)),
}
"""Pair -> its correlation, and the logarithm of the ratio of its tails, second minus first."""


@dataclass(frozen=True)
class Contrasts:
    """What tells sequences apart: of each scan, and of each pair (first, second) in order."""

    skewness: tuple[float, ...]
    """(n,)"""
    pairs: tuple[tuple[float, float], ...]
    """(n (n - 1) / 2, 2): correlation, and the logarithm of the ratio of tails."""

    @classmethod
    def of(cls, scans: Sequence[npt.NDArray[np.float32]]) -> Contrasts | None:
        """Measure scans at the same voxels; None if the voxels of one are all equal."""
        values = np.asarray(scans, np.float64)
        low, high = np.percentile(values, OUTLIERS, axis=1)[..., None]
        whole, clipped = _standardised(values), _standardised(np.clip(values, low, high))
        if whole is None or clipped is None:
            return None
        correlations = (clipped @ clipped.T / clipped.shape[1]).tolist()
        places = list(combinations(range(len(scans)), 2))
        tails = _tails(np.array([whole[j] - whole[i] for i, j in places]))
        pairs = [(correlations[i][j], tail) for (i, j), tail in zip(places, tails, strict=True)]
        return cls(tuple((clipped**3).mean(axis=1).tolist()), tuple(pairs))

    def misfit(self, names: Sequence[int]) -> float:
        """Sum of squared deviations from what scans of these ``names`` usually are."""
        total = 0.0
        for skewness, name in zip(self.skewness, names, strict=True):
            mean, deviation = SKEWNESS[name]
            total += ((skewness - mean) / deviation) ** 2
        for values, (one, other) in zip(self.pairs, combinations(names, 2), strict=True):
            turned = one > other  # the tails of the pair change places
            correlation, tails = PAIRS[NAMES[min(one, other)], NAMES[max(one, other)]]
            for value, (mean, deviation) in (
                (values[0], correlation),
                (-values[1] if turned else values[1], tails),
            ):
                total += ((value - mean) / deviation) ** 2
        return total


def swapped(values: Values) -> str:
    """What to tell about scans that fit the names of others better; empty if none do."""
    names = [name for name in NAMES if name in values]
    contrasts = Contrasts.of([values[name] for name in names]) if len(names) > 1 else None
    if contrasts is None:
        return ""
    given = [NAMES.index(name) for name in names]
    misfits = {order: contrasts.misfit(order) for order in permutations(given)}
    best = min(misfits, key=lambda order: misfits[order])
    if misfits[tuple(given)] - misfits[best] < BETTER:
        return ""
    moved = {NAMES[old]: NAMES[new] for old, new in zip(given, best, strict=True) if old != new}
    if set(moved) == {"T1", "T1ce"}:
        tails = _tails_of(contrasts, names.index("T1"), names.index("T1ce"), len(names))
        if tails > NOTHING_ENHANCES:
            return ""
        return "T1 and T1ce look swapped: vessels and tumour are brighter in T1 than in T1ce"
    if len(moved) == 2:
        one, other = moved
        return f"{one} and {other} look swapped by their contrasts"
    (first, like), *others = moved.items()
    more = [f"{old} like {new}" for old, new in others]
    return f"{first} looks like {like}, {', '.join(more[:-1])} and {more[-1]} by their contrasts"


def _tails_of(contrasts: Contrasts, one: int, other: int, count: int) -> float:
    at = list(combinations(range(count), 2)).index((one, other))
    return contrasts.pairs[at][1]


def _standardised(values: Numbers) -> Numbers | None:
    """Rows (n, m) of mean 0 and deviation 1; None if the values of a row are all equal."""
    centred = values - values.mean(axis=1, keepdims=True)
    spread = centred.std(axis=1, keepdims=True)
    return np.asarray(centred / spread) if spread.all() else None


def _tails(differences: Numbers) -> list[float]:
    """The logarithm of the upper tail over the lower one, of every row (n, m)."""
    low, middle, high = np.percentile(differences, TAILS, axis=1)
    upper, lower = high - middle, middle - low
    told = (upper > 0) & (lower > 0)
    ratio = np.divide(upper, lower, out=np.ones_like(upper), where=told)
    return [float(tail) for tail in np.clip(np.log(np.where(told, ratio, 1)), -MOST, MOST)]
