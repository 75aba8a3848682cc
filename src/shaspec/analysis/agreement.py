"""Two label maps of one patient, compared region by region: overlap, distance, sizes and a map.

Neither of the two is the truth: swapped, they give the same overlap and distance, and the opposite
change. The rules are those of `shaspec.evaluation`.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from shaspec.analysis.disagreement import BOTH, ONLY_HERE, ONLY_THERE, Difference, difference
from shaspec.errors import InputError
from shaspec.evaluation.scoring import TrueRegion
from shaspec.evaluation.tables import Line
from shaspec.files.tables import write_csv
from shaspec.geometry import Grid
from shaspec.task import Task

RULE = (
    "A region that is empty in both: Dice 1, HD95 0. Empty in one: Dice 0, HD95 the diagonal of "
    "the image."
)
"""What the numbers of empty regions mean, for users."""


@dataclass(frozen=True, eq=False)
class RegionAgreement:
    """One region in two label maps."""

    region: str
    """Name of the region."""
    dice: float
    """Dice coefficient, 0 to 1."""
    hd95: float
    """95th percentile of the Hausdorff distance, in mm or pixels."""
    first: float
    """Size in the first label map, in mL or pixels."""
    second: float
    """Size in the second one."""
    difference: Difference
    """Where only the first, only the second, and both have the region."""

    @property
    def change(self) -> float:
        """Size in the second minus size in the first, in mL or pixels."""
        return self.second - self.first

    @property
    def relative_change(self) -> float:
        """Change as a share of the size in the first; NaN if the first is empty."""
        return self.change / self.first if self.first else math.nan


def agreement(
    first: npt.NDArray[Any],
    second: npt.NDArray[Any],
    task: Task,
    grid: Grid,
    regions: Sequence[str] | None = None,
) -> tuple[RegionAgreement, ...]:
    """Compare two label maps region by region.

    Args:
        first: label map (*spatial) on ``grid``, in the codes of ``task``.
        second: another one on the same grid, e.g. from another subset or model, edited, or true.
        task: the task of both.
        grid: gives the voxel size.
        regions: names of regions; default: all, the smallest first.

    Returns:
        An entry per region. A region that is empty in both has Dice 1 and HD95 0; one that is
        empty in one of them has Dice 0, and the diagonal of the image as HD95.

    Raises:
        InputError: for label maps of another shape than the grid, labels that the task does not
            have, or an unknown region.
    """
    here, there = (_checked(labels, task, grid) for labels in (first, second))
    agreements = []
    for name in task.reported_regions if regions is None else regions:
        parts = difference(here, there, task, name, grid)
        masks = [(parts.map & side).astype(bool) for side in (ONLY_HERE, ONLY_THERE)]
        length = "hd95_mm" if grid.dims == 3 else "hd95_px"
        scores = TrueRegion(masks[1], grid.spacing).scores(masks[0], ("dice", length))
        size, other = (parts.sizes[side] + parts.sizes[BOTH] for side in (ONLY_HERE, ONLY_THERE))
        agreements.append(RegionAgreement(name, scores["dice"], scores[length], size, other, parts))
    return tuple(agreements)


def write_agreement(
    path: Path, rows: Sequence[RegionAgreement], names: tuple[str, str], grid: Grid
) -> Path:
    """Write a comparison as CSV, a row per region.

    Args:
        path: the file.
        rows: the comparison.
        names: of the two label maps.
        grid: of the label maps; says the units.

    Returns:
        The file.

    Raises:
        InputError: if it cannot be written.
    """
    size, length = ("ml", "mm") if grid.dims == 3 else ("px", "px")
    lines: list[Line] = [
        {
            "first": names[0],
            "second": names[1],
            "region": row.region,
            "dice": row.dice,
            f"hd95_{length}": row.hd95,
            f"first_{size}": row.first,
            f"second_{size}": row.second,
            f"change_{size}": row.change,
            "relative_change": row.relative_change,
            f"only_first_{size}": row.difference.sizes[ONLY_HERE],
            f"only_second_{size}": row.difference.sizes[ONLY_THERE],
            f"both_{size}": row.difference.sizes[BOTH],
        }
        for row in rows
    ]
    write_csv(path, lines)
    return path


def _checked(labels: npt.NDArray[Any], task: Task, grid: Grid) -> npt.NDArray[np.uint8]:
    """The labels as bytes, after checks of their shape and values."""
    if labels.shape != grid.shape:
        raise InputError(
            f"a label map of shape {labels.shape} cannot be compared on a grid of {grid.shape}"
        )
    task_values = {0, *(label.value for label in task.labels)}
    foreign = sorted(set(np.unique(labels).tolist()) - task_values)
    if foreign:
        names = ", ".join(f"{label.value} {label.name}" for label in task.labels)
        raise InputError(
            f"the label {foreign[0]} is not a label of task {task.name!r} ({names}): change it in "
            "the label map, then compare again"
        )
    return labels.astype(np.uint8)
