"""False alarms and hits of each check of the content of a case.

    python benchmarks/findings.py FOLDER...

Each folder contains correct cases of the task ``brats``, with or without labels. A finding on such
a case is a false alarm. A hit is a finding of the right check on the same case with a synthetic
error. The check of CT is tested on phantoms.
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from shaspec.io import find_cases, read_case
from shaspec.io.findings import CHECKS, Scan
from shaspec.phantom import make_case
from shaspec.task import load_task

PHANTOMS = range(9_000_010, 9_000_014)
Scans = list[Scan]


def masked(scans: Scans) -> Scans:
    """The last modality is a brain mask."""
    return [*scans[:-1], replace(scans[-1], array=(scans[-1].array > 0).astype(np.uint8))]


def twice(scans: Scans) -> Scans:
    """The last modality is the first once more."""
    return [*scans[:-1], replace(scans[-1], array=scans[0].array)]


def centimetres(scans: Scans) -> Scans:
    """The header has lengths ten times too large."""
    assert scans[0].grid is not None
    grid = replace(scans[0].grid, spacing=tuple(10 * mm for mm in scans[0].grid.spacing))
    return [replace(scan, grid=grid) for scan in scans]


def raw(scans: Scans) -> Scans:
    """CT without its intercept."""
    return [replace(s, array=np.clip(s.array.astype(int) + 1024, 0, 4095)) for s in scans]


FAULTS: dict[str, Callable[[Scans], Scans]] = {
    "masks": masked, "twins": twice, "hounsfield": raw, "sizes": centimetres,
}  # fmt: skip


def scans_of(case: Any) -> Scans:
    """What the checks see of a case."""
    items = case.volumes.items()
    return [Scan(case.task.modality(n), a, case.grid, case.files.get(n)) for n, a in items]


def main() -> None:
    """Print a line for every check and kind of case."""
    brats = load_task("brats")
    files = [found for folder in sys.argv[1:] for found in find_cases(folder, brats)]
    kinds: dict[str, Any] = {
        "real glioma": (read_case(found, brats, with_labels=False) for found in files),
        "phantom of an abdomen": (
            make_case(seed, spacing=(5, 5, 5), task="liver-ct") for seed in PHANTOMS
        ),
    }
    for kind, cases in kinds.items():
        number, alarms, hits = 0, Counter[str](), Counter[str]()
        for case in cases:
            number += 1
            scans = scans_of(case)
            for check in CHECKS:
                name = check.__name__
                alarms[name] += bool(list(check(scans)))
                hits[name] += bool(list(check(FAULTS[name](scans))))
        print(f"{kind}, {number} cases:")
        for check in CHECKS:
            name = check.__name__
            print(f"  {name:12} {alarms[name]} false alarms, {hits[name]} synthetic errors found")


if __name__ == "__main__":
    main()
