"""Check that every scan of a case shows the head, and as much of it as the others."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from shaspec.io.findings.coarse import Coarse, Mask
from shaspec.io.findings.scan import Array, Finding

FEWEST = 1000  # coarse voxels; smaller heads are not judged
ALIKE = 0.1  # correlation of neighbouring voxels; of real scans at least 0.5, of noise 0
STEP = 4  # every fourth slice is enough
COVERED = 0.9  # share of the head that a scan shows; of real scans nearly 1


def noise(case: Coarse) -> Iterator[Finding]:
    """Find a scan of noise, which some data sets have in place of a missing one."""
    if case.task.anatomy != "brain":
        return
    for name, scan in case.scans.items():
        inside = case.foregrounds[name]
        if np.count_nonzero(inside) >= FEWEST and _likeness(scan, inside) < ALIKE:
            yield Finding(
                "warning",
                f"{name} looks like noise: neighbouring voxels do not resemble each other",
                "if the scan is missing, leave it out with --present",
                of_roles=True,
            )


def cut(case: Coarse) -> Iterator[Finding]:
    """Find a scan that shows a part of the head only."""
    head = np.count_nonzero(case.anywhere)
    if case.task.anatomy != "brain" or len(case.scans) < 2 or head < FEWEST:
        return
    for name, inside in case.foregrounds.items():
        share = np.count_nonzero(inside) / head
        if share < COVERED:
            yield Finding(
                "warning",
                f"{name} shows only {share:.0%} of the head that the other scans show",
                "check that it is complete, or leave it out with --present",
            )


def _likeness(scan: Array, inside: Mask) -> float:
    """Correlation of neighbouring voxels along one axis, in some slices."""
    scan = scan[::STEP, 1:-1, 1:-1]
    # Partial volumes at the edge of the head are alike in noise, too.
    inside = inside[::STEP]
    inside = inside[:, 2:] & inside[:, 1:-1] & inside[:, :-2]
    inside = inside[:, :, 2:] & inside[:, :, 1:-1] & inside[:, :, :-2]
    both = inside[:, 1:] & inside[:, :-1]
    pair = np.stack([scan[:, 1:][both], scan[:, :-1][both]])
    spread = pair.std(axis=1) if pair.size else np.zeros(2)
    return float(np.corrcoef(pair)[0, 1]) if spread.all() else 1.0
