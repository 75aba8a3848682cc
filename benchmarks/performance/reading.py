"""The row of reading a case: everything that is checked, against its files alone.

Version 0.1, which checked nearly nothing, took as long as its files alone take now; the aim is at
most a tenth more.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from benchmarks.performance.measure import Row, cpu_seconds
from shaspec.io import read_case
from shaspec.io.volumes import Volume, read_volume
from shaspec.task import load_task

AIM = 1.1
ROUNDS = 15


def reading_row(folder: Path) -> Row:
    """Reading the case in ``folder`` with its labels; the least of some rounds, taken in turn."""
    task = load_task("brats")
    case = read_case(folder, task)  # and the modules are loaded
    paths = list(case.files.values())

    def files_alone() -> list[Volume]:
        return [read_volume(path) for path in paths]

    alone = dict(zip(case.files, files_alone(), strict=True))
    same = all(np.array_equal(case.volumes[name], alone[name].array) for name in case.volumes)
    assert same, "the case is not what its files contain"
    pairs = [
        (cpu_seconds(lambda: read_case(folder, task))[0], cpu_seconds(files_alone)[0])
        for _ in range(ROUNDS)
    ]
    seconds, reference = (min(times) for times in zip(*pairs, strict=True))
    check = f"{len(case.volumes)} volumes are equal to those of their files"
    return Row("reading", "reading a case with its labels, with all checks",
               "decompressing its files", seconds, reference, check, AIM)  # fmt: skip
