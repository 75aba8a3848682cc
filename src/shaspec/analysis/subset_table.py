"""Table of the results of one model from every subset of a case."""

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
    """A measure of a region, computed from predicted mask, reference mask and spacing."""

    name: str
    """Column of the tables."""
    title: str
    function: Callable[[Mask, Mask, Spacing], float]
    best: Literal["high", "low", "neither"]
    digits: int
    limits: tuple[float, float] | None = None
    """Smallest and largest possible value, if any."""

    def text(self, value: float) -> str:
        """The value with the digits of the measure."""
        return f"{value:.{self.digits}f}"

    def words(self, value: float) -> str:
        """The value as shown to the user: a size of 0 is *not found*."""
        return size_text(value, self.digits) if self.best == "neither" else self.text(value)


def _dice(predicted: Mask, reference: Mask, _: Spacing) -> float:
    return dice(predicted, reference)


def _volume(predicted: Mask, _: Mask, spacing: Spacing) -> float:
    return int(np.count_nonzero(predicted)) * float(np.prod(spacing)) / 1000.0


def _area(predicted: Mask, _: Mask, __: Spacing) -> float:
    return float(np.count_nonzero(predicted))


def _hd95(predicted: Mask, reference: Mask, spacing: Spacing) -> float:
    box = bounding_box(predicted | reference)
    here, there = (Surface(mask[box], spacing) for mask in (predicted, reference))
    return hd95(here, there, diagonal(predicted.shape, spacing))


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
    """The result of one subset, and its measures."""

    prediction: Prediction
    values: Values

    @property
    def subset(self) -> Subset:
        """The modalities of the subset."""
        return self.prediction.subset

    @property
    def name(self) -> str:
        """The subset as text, e.g. ``FLAIR+T2``."""
        return self.prediction.task.subset_name(self.subset)


@dataclass(frozen=True, eq=False)
class SubsetTable:
    """Results of one model on one case; keeps a label map (uint8) per row."""

    case: str
    model: str
    task: Task
    modalities: Subset
    """The modalities of the case."""
    reference: str
    """The reference of the measures: `TRUTH` or `ALL`."""
    seen_in_training: bool
    measures: tuple[Measure, ...]
    empty: Values
    """Measures of an empty prediction, the value of the empty subset. Its Dice is 0, or 1 for a
    region that is also empty in the reference."""
    rows: tuple[SubsetRow, ...] = ()

    @property
    def regions(self) -> tuple[str, ...]:
        """Names of the regions, the smallest first."""
        return self.task.reported_regions

    @property
    def complete(self) -> bool:
        """True if the table has all subsets of the modalities."""
        return set(subsets_of(self.modalities)) <= {row.subset for row in self.rows}

    def with_row(self, row: SubsetRow) -> SubsetTable:
        """The table with one more row."""
        return replace(self, rows=(*self.rows, row))

    def row(self, subset: Sequence[str]) -> SubsetRow | None:
        """The row of a subset; None: there is no such row."""
        return next((row for row in self.rows if set(row.subset) == set(subset)), None)

    def measure(self, name: str) -> Measure:
        """The measure of that name; raises `InputError` if there is none."""
        for measure in self.measures:
            if measure.name == name:
                return measure
        names = ", ".join(measure.name for measure in self.measures)
        raise InputError(f"the table has no measure {name!r}: choose from {names}")

    def values(self, measure: Measure, region: str) -> dict[Subset, float]:
        """Subset -> value of one region, including the empty subset."""
        values = {row.subset: row.values[measure.name][region] for row in self.rows}
        return {(): self.empty[measure.name][region]} | values

    def records(self) -> list[dict[str, Any]]:
        """Lines of a CSV file, one per subset and region; ``number`` counts subsets from 1."""
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
    """All 2^M - 1 non-empty subsets, from all modalities to single ones."""
    sizes = range(len(modalities), 0, -1)
    return [subset for size in sizes for subset in combinations(modalities, size)]
