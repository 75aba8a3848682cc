"""Check that the contrast of a stripped brain matches the name of its modality.

In T1 fluid is dark and white matter, the larger part, is bright; in T2 fluid is bright; FLAIR is T2
with dark fluid; contrast agent brightens vessels and tumour. The limits are far from the values of
correct cases (measured by `benchmarks/findings.py`), so some swaps are not detected: FLAIR and T2
without any T1, and T1 and T1ce where hardly anything enhances.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from shaspec.io.findings.coarse import Coarse
from shaspec.io.findings.scan import Finding

FEWEST = 1000  # smaller brains are not judged
POINTS = 2000  # sampled voxels
TAILS = (0.3, 50, 99.7)  # percentiles of T1ce minus T1, where vessels and tumour stand out
T1_SKEW = 0.65  # correct T1 at most 0.2, a phantom 0.5: fluid forms the dark tail
T2_SKEW = 0.45  # correct T2 at least 0.8: fluid forms the bright tail
T1_T2 = 0.05  # correlation of T1 and T2: correct cases at most -0.1
T1_FLAIR = -0.5  # of T1 and FLAIR: correct cases at least -0.4
FLAIR_NEARER = -0.1  # correlation of FLAIR with T1, minus that of T2: correct cases at least 0.1
ENHANCED = 0.6  # ratio of brighter to darker outliers of T1ce - T1: correct cases at least 0.9
MEND = "check that each file is assigned to its modality"

Values = dict[str, npt.NDArray[np.float32]]


def contrast(case: Coarse) -> Iterator[Finding]:
    """Find scans that look like another sequence, in tasks with FLAIR, T1, T1ce and T2."""
    inside = case.interior if case.scans else np.zeros(0, bool)
    if case.task.anatomy != "brain" or np.count_nonzero(inside) < FEWEST:
        return
    places = np.flatnonzero(inside)
    places = places[:: 1 + len(places) // POINTS]
    values = {name: scan.ravel()[places] for name, scan in case.scans.items()}
    for text in (*_swapped(values), *_alone(values)):
        yield Finding("warning", text, MEND, of_roles=True)
        return  # the others follow from it


def _swapped(values: Values) -> Iterator[str]:
    """Find swapped pairs."""
    t1 = next((values[name] for name in ("T1", "T1ce") if name in values), None)
    if t1 is not None and {"FLAIR", "T2"} <= values.keys():
        flair, t2 = (_correlation(t1, values[name]) for name in ("FLAIR", "T2"))
        if flair - t2 < FLAIR_NEARER:
            yield "FLAIR and T2 look swapped: fluid is brighter in FLAIR than in T2"
    if {"T1", "T1ce"} <= values.keys():
        before, after = (values[name] / np.median(values[name]) for name in ("T1", "T1ce"))
        low, middle, high = np.percentile(after - before, TAILS)
        if high - middle < ENHANCED * (middle - low):
            yield "T1 and T1ce look swapped: vessels are brighter in T1 than in T1ce"


def _alone(values: Values) -> Iterator[str]:
    """Find scans whose contrast contradicts their name."""
    if "T1" in values and (skew := _skew(values["T1"])) > T1_SKEW:
        yield f"T1 does not look like T1: its brightest voxels stand out (skewness {skew:.1f})"
    if "T2" in values and (skew := _skew(values["T2"])) < T2_SKEW:
        yield f"T2 does not look like T2: its fluid does not stand out (skewness {skew:.1f})"
    if {"T1", "T2"} <= values.keys() and (r := _correlation(values["T1"], values["T2"])) > T1_T2:
        yield f"T1 and T2 have the same contrast (correlation {r:.2f})"
    if {"T1", "FLAIR"} <= values.keys():
        r = _correlation(values["T1"], values["FLAIR"])
        if r < T1_FLAIR:
            yield f"FLAIR looks like T2 without suppressed fluid (correlation with T1 {r:.2f})"


def _skew(values: npt.NDArray[np.float32]) -> float:
    centred = values - values.mean()
    spread = centred.std()
    return float((centred**3).mean() / spread**3) if spread > 0 else 0.0


def _correlation(one: npt.NDArray[np.float32], other: npt.NDArray[np.float32]) -> float:
    """Pearson correlation without outliers."""
    both = np.stack([np.clip(v, *np.percentile(v, (0.5, 99.5))) for v in (one, other)])
    spread = both.std(axis=1)
    return float(np.cov(both, bias=True)[0, 1] / spread.prod()) if spread.all() else 0.0
