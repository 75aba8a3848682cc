"""Table of the results of one model from every subset of a case."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import numpy.typing as npt

from shaspec.errors import InputError
from shaspec.evaluation.metrics import dice
from shaspec.evaluation.surfaces import Surface, bounding_box, diagonal, hd95
from shaspec.files.tables import write_csv
from shaspec.notebook import html_table
from shaspec.prediction import Prediction, size_text
from shaspec.task import Subset, Task

if TYPE_CHECKING:
    import pandas as pd

Mask = npt.NDArray[np.bool_]
Spacing = Sequence[float]
"""Voxel size in mm, one number per axis; 1 for pixels."""


@dataclass(frozen=True)
class Measure:
    """A measure of a region, computed from predicted mask, reference mask and spacing."""

    name: str
    """Column of the tables."""
    title: str
    """Title with the unit."""
    function: Callable[[Mask, Mask, Spacing], float]
    """Called with the mask found and the reference, bool (*spatial), and the voxel size in mm."""
    best: Literal["high", "low", "neither"]
    """Whether high or low values are good; ``neither`` for sizes."""
    digits: int
    """Decimals in tables."""
    limits: tuple[float, float] | None = None
    """Smallest and largest possible value, if any."""

    def text(self, value: float) -> str:
        """The value as text for narrow tables.

        Args:
            value: a value of this measure.

        Returns:
            The number with `digits` decimals.
        """
        return f"{value:.{self.digits}f}"

    def words(self, value: float) -> str:
        """The value as text.

        Args:
            value: a value of this measure.

        Returns:
            As `text`; a size of 0 is ``not found``.
        """
        return size_text(value, self.digits) if self.best == "neither" else self.text(value)


def _dice(predicted: Mask, reference: Mask, _: Spacing) -> float:
    return dice(predicted, reference)


def _volume(predicted: Mask, _: Mask, spacing: Spacing) -> float:
    return int(np.count_nonzero(predicted)) * float(np.prod(spacing)) / 1000.0


def _area(predicted: Mask, _: Mask, __: Spacing) -> float:
    return float(np.count_nonzero(predicted))


def _hd95(predicted: Mask, reference: Mask, spacing: Spacing) -> float:
    box = bounding_box(predicted | reference)
    predicted_surface, true = (Surface(mask[box], spacing) for mask in (predicted, reference))
    return hd95(predicted_surface, true, one_empty=diagonal(predicted.shape, spacing))


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
    """The result of one subset and its scores."""

    prediction: Prediction
    """The label map from this subset."""
    values: Values
    """Measure -> region -> value, e.g. ``row.values["dice"]["WT"]``."""

    @property
    def subset(self) -> Subset:
        """The modalities that were used, in task order."""
        return self.prediction.subset

    @property
    def name(self) -> str:
        """The subset as text, e.g. ``FLAIR+T2``."""
        return self.prediction.task.subset_name(self.subset)


@dataclass(frozen=True, eq=False, repr=False)
class SubsetTable:
    """One case segmented by one model from many subsets; keeps a label map (uint8) per row."""

    case: str
    """Name of the case."""
    model: str
    """Name of the model."""
    task: Task
    """Defines the regions."""
    modalities: Subset
    """The modalities of the case, in task order."""
    reference: str
    """The reference of the comparison: ``ground truth`` or ``all modalities``."""
    seen_in_training: bool
    """True if the model was trained on this case."""
    measures: tuple[Measure, ...]
    """The measures; default: Dice, HD95 and size."""
    empty: Values
    """The values of an empty prediction, used for the empty subset. Its Dice is 0, or 1 for a
    region that is also empty in the reference."""
    rows: tuple[SubsetRow, ...] = ()
    """In the order in which they were run: all modalities first."""

    @property
    def regions(self) -> tuple[str, ...]:
        """Names of the regions, the smallest first."""
        return self.task.reported_regions

    @property
    def complete(self) -> bool:
        """True if there is a row for every subset of the modalities of the case."""
        return set(subsets_of(self.modalities)) <= {row.subset for row in self.rows}

    def with_row(self, row: SubsetRow) -> SubsetTable:
        """The table with one more row.

        Args:
            row: the row to add at the end.

        Returns:
            A new table.
        """
        return replace(self, rows=(*self.rows, row))

    def row(self, subset: Sequence[str]) -> SubsetRow | None:
        """The row of one subset.

        Args:
            subset: names of modalities, in any order.

        Returns:
            The row, or None if the table has none for this subset.
        """
        return next((row for row in self.rows if set(row.subset) == set(subset)), None)

    def measure(self, name: str) -> Measure:
        """The measure of that name.

        Args:
            name: name of the column, e.g. ``dice`` or ``hd95_mm``.

        Returns:
            The measure.

        Raises:
            InputError: if the table has no such measure.
        """
        for measure in self.measures:
            if measure.name == name:
                return measure
        names = ", ".join(measure.name for measure in self.measures)
        raise InputError(f"the table has no measure {name!r}: choose from {names}")

    def values(self, measure: Measure, region: str) -> dict[Subset, float]:
        """The value of one region for every subset.

        Args:
            measure: one of `measures`.
            region: name of a region of the task.

        Returns:
            Subset -> value in the unit of the measure; the empty subset is there too, with the
            value of an empty prediction.
        """
        values = {row.subset: row.values[measure.name][region] for row in self.rows}
        return {(): self.empty[measure.name][region]} | values

    def records(self) -> list[dict[str, Any]]:
        """The table as plain data, for CSV files and data frames.

        Returns:
            One dictionary per subset and region; ``number`` counts subsets from 1.
        """
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

    def to_dataframe(self) -> pd.DataFrame:
        """The table for pandas.

        Returns:
            A data frame with the columns of `records`: a row per subset and region.
        """
        import pandas as pd

        return pd.DataFrame(self.records())

    def to_csv(self, path: str | Path) -> Path:
        """Write the table as CSV, the format of ``sweep.csv`` of ``shaspec sweep``.

        Args:
            path: file to write.

        Returns:
            The path that was written.

        Raises:
            InputError: if the file cannot be written.
        """
        return write_csv(Path(path), self.records(), nan="nan")

    def __repr__(self) -> str:
        return (
            f"<SubsetTable of case {self.case}, model {self.model}: {len(self.rows)} of "
            f"{2 ** len(self.modalities) - 1} subsets, compared with {self.reference}>"
        )

    def _repr_html_(self) -> str:
        columns = [(measure, region) for measure in self.measures for region in self.regions]
        rows = [
            [row.name, *(m.words(row.values[m.name][region]) for m, region in columns)]
            for row in self.rows
        ]
        head = ["subset", *(f"{measure.title} {region}" for measure, region in columns)]
        title = f"Case {self.case}, model {self.model}"
        return html_table(title, head, rows, [f"Compared with {self.reference}."])


TRUTH = "ground truth"
ALL = "all modalities"


def subsets_of(modalities: Subset) -> list[Subset]:
    """All 2^M - 1 non-empty subsets of M modalities.

    Args:
        modalities: names in task order.

    Returns:
        The full set first, then ever smaller subsets.
    """
    sizes = range(len(modalities), 0, -1)
    return [subset for size in sizes for subset in combinations(modalities, size)]
