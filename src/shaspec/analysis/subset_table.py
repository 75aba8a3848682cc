"""What one model finds from every subset of a case, as a table that grows row by row."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from shaspec.errors import InputError
from shaspec.evaluation.metrics import dice
from shaspec.evaluation.surfaces import Surface, bounding_box, diagonal, hd95
from shaspec.prediction import Prediction, size_text
from shaspec.task import Subset, Task

Mask = npt.NDArray[np.bool_]
Spacing = Sequence[float]
"""Voxel size in mm, one number per axis; 1 for pixels."""


@dataclass(frozen=True)
class Measure:
    """A number for one region: from the mask found, the one to compare with, and the spacing."""

    name: str
    """Column of the tables."""
    title: str
    function: Callable[[Mask, Mask, Spacing], float]
    best: Literal["high", "low", "neither"]
    digits: int
    limits: tuple[float, float] | None = None
    """Smallest and largest possible value, where there are such."""

    def text(self, value: float) -> str:
        """The value as narrow tables show it."""
        return f"{value:.{self.digits}f}"

    def words(self, value: float) -> str:
        """The value for the eyes of a user: a size of 0 is *not found*."""
        return size_text(value, self.digits) if self.best == "neither" else self.text(value)


def _dice(found: Mask, reference: Mask, _: Spacing) -> float:
    return dice(found, reference)


def _volume(found: Mask, _: Mask, spacing: Spacing) -> float:
    return int(np.count_nonzero(found)) * float(np.prod(spacing)) / 1000.0


def _area(found: Mask, _: Mask, __: Spacing) -> float:
    return float(np.count_nonzero(found))


def _hd95(found: Mask, reference: Mask, spacing: Spacing) -> float:
    box = bounding_box(found | reference)
    here, there = (Surface(mask[box], spacing) for mask in (found, reference))
    return hd95(here, there, diagonal(found.shape, spacing))


DICE = Measure("dice", "Dice", _dice, "high", 3, (0.0, 1.0))
VOLUME = Measure("ml", "Volume (mL)", _volume, "neither", 1)
AREA = Measure("px", "Area (px)", _area, "neither", 0)
HD95 = Measure("hd95_mm", "HD95 (mm)", _hd95, "low", 1)
HD95_PX = Measure("hd95_px", "HD95 (px)", _hd95, "low", 1)


def measures_of(dims: int) -> tuple[Measure, Measure, Measure]:
    """Dice, HD95 and size: in mm and mL for volumes (3), in pixels for pictures (2)."""
    return (DICE, HD95, VOLUME) if dims == 3 else (DICE, HD95_PX, AREA)


Values = Mapping[str, Mapping[str, float]]
"""Measure -> region -> value."""


@dataclass(frozen=True, eq=False)
class SubsetRow:
    """The result of one subset, and what it is worth."""

    prediction: Prediction
    values: Values

    @property
    def subset(self) -> Subset:
        """The modalities that it was made from."""
        return self.prediction.subset

    @property
    def name(self) -> str:
        """The subset as text, e.g. ``FLAIR+T2``."""
        return self.prediction.task.subset_name(self.subset)


@dataclass(frozen=True, eq=False)
class SubsetTable:
    """Rows of one case and one model; keeps a label map (uint8) per row."""

    case: str
    model: str
    task: Task
    modalities: Subset
    """What the case has."""
    reference: str
    """What the rows are compared with: `TRUTH` or `ALL`."""
    seen_in_training: bool
    measures: tuple[Measure, ...]
    empty: Values
    """Of a prediction without a voxel: what no modality at all is worth. Its Dice is 0, and 1 for a
    region that the reference lacks too."""
    rows: tuple[SubsetRow, ...] = ()

    @property
    def regions(self) -> tuple[str, ...]:
        """Region names, the smallest first."""
        return self.task.reported_regions

    @property
    def complete(self) -> bool:
        """True if no subset of what the case has is missing."""
        return set(subsets_of(self.modalities)) <= {row.subset for row in self.rows}

    def with_row(self, row: SubsetRow) -> SubsetTable:
        """The table with one more row."""
        return replace(self, rows=(*self.rows, row))

    def row(self, subset: Sequence[str]) -> SubsetRow | None:
        """The row of a subset, if it is there."""
        return next((row for row in self.rows if set(row.subset) == set(subset)), None)

    def measure(self, name: str) -> Measure:
        """The measure of that name; raises `InputError` if the table has none."""
        for measure in self.measures:
            if measure.name == name:
                return measure
        known = ", ".join(measure.name for measure in self.measures)
        raise InputError(f"the table has no measure {name!r}: it has {known}")

    def values(self, measure: Measure, region: str) -> dict[Subset, float]:
        """Subset -> value of one region; the empty subset is there too."""
        values = {row.subset: row.values[measure.name][region] for row in self.rows}
        return {(): self.empty[measure.name][region]} | values

    def records(self) -> list[dict[str, Any]]:
        """One line per subset and region, for a CSV file; ``number`` counts subsets from 1."""
        return [
            {
                "case": self.case,
                "model": self.model,
                "seen_in_training": self.seen_in_training,
                "reference": self.reference,
                "number": number,
                "subset": row.name,
                "modalities": len(row.subset),
                "region": region,
                **{m.name: row.values[m.name][region] for m in self.measures},
            }
            for number, row in enumerate(self.rows, 1)
            for region in self.regions
        ]


TRUTH = "ground truth"
ALL = "all modalities"


def subsets_of(modalities: Subset) -> list[Subset]:
    """All 2^M - 1 non-empty subsets: everything first, then ever fewer modalities."""
    sizes = range(len(modalities), 0, -1)
    return [subset for size in sizes for subset in combinations(modalities, size)]
