"""The sizes of the regions of a cohort as one table, from its manifest."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

from shaspec.cohort.manifest import Manifest
from shaspec.evaluation.tables import Line
from shaspec.files.tables import write_csv
from shaspec.task import Task

COLUMNS = ("case", "subset", "region")


def write_sizes(path: Path, manifest: Manifest, cases: Collection[str], task: Task) -> int:
    """Write a CSV with the size of every region, a row per case, subset and region.

    Args:
        path: the file.
        manifest: has the sizes.
        cases: names of the cases to write.
        task: says the unit: ``ml`` for volumes, ``px`` for pictures.

    Returns:
        How many results are in it.

    Raises:
        InputError: if it cannot be written.
    """
    unit = "ml" if task.dims == 3 else "px"
    done = [r for r in manifest.latest().values() if r.status == "done" and r.case in set(cases)]
    order = {case: number for number, case in enumerate(cases)}
    done.sort(key=lambda r: order[r.case])
    lines: list[Line] = [
        {"case": r.case, "subset": r.subset, "region": region, unit: f"{size:.4f}"}
        for r in done
        for region, size in r.sizes.items()
    ]
    write_csv(path, lines, (*COLUMNS, unit))
    return len(done)
