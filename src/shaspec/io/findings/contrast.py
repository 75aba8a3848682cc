"""Check that the contrast of a stripped brain matches the name of its modality.

First all scans together (`swapped`), then single scans and pairs, one of which may have the name of
a scan that is not there. The limits are far from the values of correct cases (measured by
`benchmarks/findings.py`), so T1 and T1ce are not told apart where hardly anything enhances.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from shaspec.io.findings.coarse import Coarse
from shaspec.io.findings.scan import Finding
from shaspec.io.findings.swapped import swapped

FEWEST = 1000  # smaller brains are not judged
POINTS = 2000  # sampled voxels
T1_SKEW = 0.65  # correct T1 at most 0.2, a phantom 0.5: fluid forms the dark tail
T2_SKEW = 0.45  # correct T2 at least 0.8: fluid forms the bright tail
T1_T2 = 0.05  # correlation of T1 and T2: correct cases at most -0.1
T1_FLAIR = -0.5  # of T1 and FLAIR: correct cases at least -0.4
MEND = "check that each file is assigned to its modality"

Values = dict[str, npt.NDArray[np.float32]]


def contrast(case: Coarse) -> Iterator[Finding]:
    """Find scans that look like another sequence, in tasks with FLAIR, T1, T1ce and T2."""
    values = sampled(case)
    if case.task.anatomy != "brain" or not values:
        return
    for text in (*filter(None, [swapped(values)]), *_alone(values)):
        yield Finding("warning", text, MEND, of_roles=True)
        return  # the others follow from it


def sampled(case: Coarse) -> Values:
    """Name -> the same voxels of each scan, of the interior of the brain; empty if it is small."""
    places = np.flatnonzero(case.interior) if case.scans else np.zeros(0, int)
    if len(places) < FEWEST:
        return {}
    places = places[:: 1 + len(places) // POINTS]
    return {name: scan.ravel()[places] for name, scan in case.scans.items()}


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
