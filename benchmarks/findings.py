"""Measure the findings on the content of a case: false alarms, hits, and run time.

    python benchmarks/findings.py FOLDER...

Each folder contains labelled or unlabelled cases of the task ``brats`` without known faults. A
finding on one of them is a false alarm; a hit is a finding of the right check on the same case with
a fault made into it (`case_faults.py`). CT checks are tried on phantoms.
"""

from __future__ import annotations

import sys
import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np
from case_faults import ABDOMEN_FAULTS, BRAIN_FAULTS, Fault

from shaspec.case import Case
from shaspec.geometry import Grid
from shaspec.io import find_cases, read_case
from shaspec.io.findings import CASE_CHECKS, CHECKS, Coarse, Scan, case_findings, findings
from shaspec.io.folders import CaseFiles
from shaspec.phantom import make_case
from shaspec.preprocessing import bounding_box
from shaspec.task import Task, load_task

PHANTOMS = range(9_000_010, 9_000_014)
ABDOMEN = (50, 70, 90)  # voxels of 5 mm
SEED = 20
TIMED, REPEATS = 8, 5  # cases, and how often each is read
Scans = list[Scan]


def masked(scans: Scans) -> Scans:
    """The last modality is a brain mask."""
    return [*scans[:-1], replace(scans[-1], array=(scans[-1].array > 0).astype(np.uint8))]


def twice(scans: Scans) -> Scans:
    """Replace the last modality by the first."""
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


def scans_of(case: Case) -> Scans:
    """What the checks of stored volumes see of a case."""
    items = case.volumes.items()
    return [Scan(case.task.modality(n), a, case.grid, case.files.get(n)) for n, a in items]


def first_finding(volumes: Mapping[str, Any], grid: Grid, task: Task) -> str:
    """Name of the first check of the whole case that finds something, or nothing."""
    coarse = Coarse.of(volumes, grid, task)
    return next((check.__name__ for check in CASE_CHECKS if list(check(coarse))), "")


def cropped(case: Case) -> tuple[dict[str, Any], Grid]:
    """The volumes of a case around its foreground, with the position of bare arrays."""
    box = bounding_box(np.logical_or.reduce([v != v.flat[0] for v in case.volumes.values()]))
    volumes = {name: np.asarray(volume[box]) for name, volume in case.volumes.items()}
    return volumes, Grid(next(iter(volumes.values())).shape, case.grid.spacing)


def rates(kind: str, cases: Iterable[Case], faults: Mapping[str, tuple[str, Fault]]) -> None:
    """Print false alarms and hits over ``cases``."""
    rng = np.random.default_rng(SEED)
    number, alarms, hits = 0, Counter[str](), Counter[str]()
    for case in cases:
        number += 1
        scans = scans_of(case)
        for check in CHECKS:
            name = check.__name__
            alarms[name] += bool(list(check(scans)))
            hits[name] += bool(list(check(FAULTS[name](scans))))
        if found := first_finding(case.volumes, case.grid, case.task):
            alarms[found] += 1
            print(f"  finding on {case.name}: {found}")
        volumes, grid = cropped(case)
        for name, (check_name, fault) in faults.items():
            found = first_finding(*fault(volumes, grid, rng), case.task)
            hits[name] += found in check_name.split()
    print(f"{kind}, {number} cases, seed {SEED}:")
    for check in (*CHECKS, *CASE_CHECKS):
        print(f"  {check.__name__:12} {alarms[check.__name__]} false alarms")
    for check in CHECKS:
        print(f"  {check.__name__:12} {hits[check.__name__]} of {number} made-up faults found")
    for name, (check_name, _) in faults.items():
        print(f"  {check_name:14} {hits[name]} of {number} found: {name}")


def costs(files: list[CaseFiles], task: Task) -> None:
    """Print how long reading takes, and what part of it are all checks (processor time)."""
    reading, checking = [], []
    for found in files[:: max(1, len(files) // TIMED)]:
        times: list[tuple[float, float]] = []
        for _ in range(REPEATS):
            begin = time.process_time()
            case = read_case(found, task, with_labels=False)
            middle = time.process_time()
            findings(scans_of(case))
            case_findings(case.volumes, case.grid, task)
            times.append((middle - begin, time.process_time() - middle))
        best = np.min(times, axis=0)
        reading.append(best[0])
        checking.append(best[1])
    read, check = 1000 * np.mean(reading), 1000 * np.mean(checking)
    print(f"reading a case: {read:.0f} ms, of which all checks: {check:.0f} ms")


def main() -> None:
    """Print rates for real cases and phantoms, and the cost."""
    brats = load_task("brats")
    files = [found for folder in sys.argv[1:] for found in find_cases(folder, brats)]
    real = (read_case(found, brats, with_labels=False) for found in files)
    rates("real glioma", real, BRAIN_FAULTS)
    bodies = (make_case(s, shape=ABDOMEN, spacing=(5, 5, 5), task="liver-ct") for s in PHANTOMS)
    rates("phantom of an abdomen", bodies, ABDOMEN_FAULTS)
    if files:
        costs(files, brats)


if __name__ == "__main__":
    main()
