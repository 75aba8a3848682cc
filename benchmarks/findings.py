"""Measure the findings on the content of a case: false alarms, hits, and run time.

    python benchmarks/findings.py FOLDER...

Each folder contains labelled or unlabelled cases of the task ``brats`` without known faults. A
finding on one of them is a false alarm; a hit is a finding of the right check on the same case with
a fault made into it (`case_faults.py`) or into its truth (`truth_faults.py`). CT checks are tried
on phantoms.
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
from scipy import ndimage
from truth_faults import TRUTH_FAULTS, is_found

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
SURE = 0.7  # probability of a tissue that counts as 1
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


def tissue_map(scans: Scans) -> Scans:
    """The last modality is the probability of a tissue: 1 in most of it, and soft edges."""
    array = scans[-1].array
    inside = array > np.percentile(array[array > 0], 40)
    soft = ndimage.gaussian_filter(ndimage.binary_closing(inside).astype(np.float32), 1)
    return [*scans[:-1], replace(scans[-1], array=np.where(soft > SURE, 1, soft))]


def twice_rescaled(scans: Scans) -> Scans:
    """Replace the last modality by the first, with other numbers."""
    return [*scans[:-1], replace(scans[-1], array=(scans[0].array * 0.37).round())]


def unsigned(scans: Scans) -> Scans:
    """CT cut off at 0 by a type without a sign."""
    return [replace(s, array=s.array.clip(0).astype(np.uint16)) for s in scans]


def standardised(scans: Scans) -> Scans:
    """CT rescaled to 0 to 1."""
    return [replace(s, array=(s.array.clip(-1000, 1000) + 1000) / 2000) for s in scans]


def intercept_twice(scans: Scans) -> Scans:
    """CT whose intercept was applied twice."""
    return [replace(s, array=s.array.astype(int) - 1024) for s in scans]


FAULTS: tuple[tuple[str, str, Callable[[Scans], Scans]], ...] = (
    ("masks", "mask in place of a scan", masked),
    ("masks", "probability of a tissue in place of a scan", tissue_map),
    ("twins", "one scan twice", twice),
    ("twins", "one scan twice, rescaled", twice_rescaled),
    ("hounsfield", "CT without its intercept", raw),
    ("hounsfield", "CT without values below 0", unsigned),
    ("hounsfield", "CT rescaled to 0 to 1", standardised),
    ("hounsfield", "CT with its intercept twice", intercept_twice),
    ("sizes", "lengths ten times too large", centimetres),
)
"""The check, the title of a fault, and what makes it into the volumes as stored."""


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
    tried = Counter[str]()
    for case in cases:
        number += 1
        scans = scans_of(case)
        for check in CHECKS:
            name = check.__name__
            alarms[name] += bool(list(check(scans)))
        for name, title, made in FAULTS:
            if _fits(name, scans):
                hits[title] += bool(list(BY_NAME[name](made(scans))))
                tried[title] += 1
        if found := first_finding(case.volumes, case.grid, case.task):
            alarms[found] += 1
            print(f"  finding on {case.name}: {found}")
        volumes, grid = cropped(case)
        for name, (check_name, fault) in faults.items():
            found = first_finding(*fault(volumes, grid, rng), case.task)
            hits[name] += found in check_name.split()
        if case.task.anatomy == "brain" and case.labels is not None and case.labels.any():
            tried["truth"] += 1
            alarms["truth"] += is_found(case.labels, case)
            for name, wrong in TRUTH_FAULTS.items():
                hits[name] += is_found(wrong(case, rng), case)
    print(f"{kind}, {number} cases, seed {SEED}:")
    for check in (*CHECKS, *CASE_CHECKS):
        print(f"  {check.__name__:12} {alarms[check.__name__]} false alarms")
    for name, title, _ in FAULTS:
        if tried[title]:
            print(f"  {name:14} {hits[title]} of {tried[title]} found: {title}")
    for name, (check_name, _) in faults.items():
        print(f"  {check_name:14} {hits[name]} of {number} found: {name}")
    if tried["truth"]:
        print(f"  truth          {alarms['truth']} false alarms in {tried['truth']} truths")
    for name in TRUTH_FAULTS if tried["truth"] else ():
        print(f"  truth          {hits[name]} of {tried['truth']} found: {name}")


BY_NAME = {check.__name__: check for check in CHECKS}


def _fits(check: str, scans: Scans) -> bool:
    """Whether a fault can be made: units of CT, two scans of MR, masks of MR."""
    ct = scans[0].modality.is_ct
    return ct if check == "hounsfield" else check == "sizes" or not ct


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
    real = (read_case(found, brats) for found in files)
    rates("real glioma", real, BRAIN_FAULTS)
    bodies = (make_case(s, shape=ABDOMEN, spacing=(5, 5, 5), task="liver-ct") for s in PHANTOMS)
    rates("phantom of an abdomen", bodies, ABDOMEN_FAULTS)
    if files:
        costs(files, brats)


if __name__ == "__main__":
    main()
