"""Work of the panel *Compare* that runs in a worker."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from napari_shaspec.compare.sides import Side
from napari_shaspec.compare.state import Comparison
from napari_shaspec.jobs.state import Written
from napari_shaspec.layers.maps import difference_map
from shaspec.analysis.agreement import agreement, write_agreement
from shaspec.inference.events import Progress
from shaspec.task import Task


def compare_job(first: Side, second: Side, task: Task) -> Iterator[Progress | Comparison]:
    """Compares two label maps on one grid, and draws the maps of all regions."""
    rows, maps = [], {}
    grid, names = first.place.grid, (first.name, second.name)
    regions = task.reported_regions
    for number, region in enumerate(regions):
        yield Progress(number, len(regions), f"comparing {region}")
        (row,) = agreement(first.labels, second.labels, task, grid, [region])
        parts = row.difference
        case = first.case or second.case
        maps[region] = difference_map(parts.map, parts.sizes, names, case, grid, region)
        rows.append(row)
    yield Comparison(first, second, tuple(rows), maps)


def save_job(path: Path, comparison: Comparison) -> Iterator[Progress | Written]:
    """Writes the table as CSV."""
    yield Progress(0, 0, "writing the table")
    names = (comparison.first.name, comparison.second.name)
    grid = comparison.first.place.grid
    yield Written(write_agreement(path, comparison.rows, names, grid))
