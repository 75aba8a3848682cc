"""Means over cases per metric, subset and region, and averages over subsets and regions.

The case is the statistical unit: averages over subsets and regions are computed per case first.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TypeVar

import numpy as np

from shaspec.evaluation.bootstrap import Floats, draws, interval, quantiles
from shaspec.evaluation.metrics import METRICS
from shaspec.evaluation.tables import Line, Row

AVERAGE = "average"
"""Name of the mean over the regions of a case."""

POOLED_IOU = "pooled_iou"
"""IoU over the voxels of all cases together; its average over the regions is mIoU."""

T = TypeVar("T")
Cell = tuple[str, str]
"""Subset, region."""


def summary(rows: Iterable[Row]) -> list[Line]:
    """Mean, median and 95 % interval of the mean over the cases: the lines of ``summary.csv``.

    Averages over subsets and regions are taken within each case first. Intervals are percentile
    bootstraps over cases.

    Args:
        rows: scores of any number of cases.

    Returns:
        A line per metric, subset and region, with averages over regions and over subsets, and
        pooled IoU where volumes are known.
    """
    rows = list(rows)
    lines = []
    for metric in metrics_of(rows):
        for cell, per_case in case_values(rows, metric).items():
            values = np.array(list(per_case.values()), np.float64)
            mean, median = math.nan, math.nan
            if len(values):
                mean, median = float(np.mean(values)), float(np.median(values))
            lines.append(_line(metric, cell, len(values), mean, median, interval(values)))
    return lines + pooled_iou(rows)


def metrics_of(rows: Sequence[Row]) -> list[str]:
    """Names of the metrics that all rows have, in the order of `METRICS`."""
    return [name for name in METRICS if rows and all(name in row.scores for row in rows)]


def case_values(rows: Sequence[Row], metric: str) -> dict[Cell, dict[str, float]]:
    """Values by case, per subset and region, without undefined values (NaN).

    Includes averages as region `AVERAGE` and as subset ``mean of N``, over the cases that have a
    value in every region, or in every subset.
    """
    by_cell: dict[Cell, dict[str, float]] = {}
    for row in rows:
        mine = by_cell.setdefault((row.subset, row.region), {})
        if not math.isnan(row.scores[metric]):
            mine[row.case] = row.scores[metric]
    return _with_averages(by_cell, _case_mean)


def mean_name(subsets: int) -> str:
    """Name of the mean over ``subsets`` subsets, used like a subset."""
    return f"mean of {subsets}"


def pooled_iou(rows: Sequence[Row]) -> list[Line]:
    """IoU over the voxels of all cases together and mIoU, as in benchmarks of scene segmentation.

    Regions that are empty in all cases, in truth and prediction, have no IoU and are not in mIoU.
    """
    metrics = set(metrics_of(rows))
    unit = next((u for u in ("ml", "px") if {f"truth_{u}", f"predicted_{u}"} <= metrics), None)
    if unit is None or "dice" not in metrics:
        return []
    cases = list(dict.fromkeys(row.case for row in rows))
    sizes: dict[Cell, Floats] = {}
    counted: dict[Cell, set[str]] = {}
    for row in rows:
        counted.setdefault((row.subset, row.region), set()).add(row.case)
        both_and_union = sizes.setdefault((row.subset, row.region), np.zeros((len(cases), 2)))
        total = row.scores[f"truth_{unit}"] + row.scores[f"predicted_{unit}"]
        both = row.scores["dice"] * total / 2
        both_and_union[cases.index(row.case)] = both, total - both
    weights = np.vstack([np.ones(len(cases)), draws(len(cases))])  # all cases once, then resamples
    shares = {cell: _ratio(*(weights @ mine).T) for cell, mine in sizes.items()}
    behind = _with_averages(counted, _all_cases)
    return [
        _line(POOLED_IOU, cell, len(behind[cell]), float(v[0]), math.nan, quantiles(v[1:]))
        for cell, v in _with_averages(shares, _defined_mean).items()
    ]


def _with_averages(cells: Mapping[Cell, T], mean: Callable[[list[T]], T]) -> dict[Cell, T]:
    """``cells``, sorted by region, with averages over regions and over subsets."""
    table = dict(cells)
    subsets = list(dict.fromkeys(subset for subset, _ in cells))
    regions = list(dict.fromkeys(region for _, region in cells))
    if len(regions) > 1:
        for subset in subsets:
            table[subset, AVERAGE] = mean(
                [table[subset, r] for r in regions if (subset, r) in table]
            )
        regions.append(AVERAGE)
    for region in regions:
        table[mean_name(len(subsets)), region] = mean(
            [table[s, region] for s in subsets if (s, region) in table]
        )
    return {key: table[key] for r in regions for key in table if key[1] == r}


def _case_mean(columns: list[dict[str, float]]) -> dict[str, float]:
    shared = [case for case in columns[0] if all(case in column for column in columns)]
    return {case: float(np.mean([column[case] for column in columns])) for case in shared}


def _all_cases(columns: list[set[str]]) -> set[str]:
    """All cases that contribute to an average."""
    return set[str]().union(*columns)


def _defined_mean(columns: list[Floats]) -> Floats:
    """Mean over the columns with a value, row by row; NaN if none has one."""
    table = np.stack(columns)
    return _ratio(np.nansum(table, axis=0), (~np.isnan(table)).sum(axis=0).astype(np.float64))


def _ratio(part: Floats, whole: Floats) -> Floats:
    result = np.full(len(part), np.nan)
    np.divide(part, whole, out=result, where=whole > 0)
    return result


def _line(
    metric: str, cell: Cell, cases: int, mean: float, median: float, bounds: tuple[float, float]
) -> Line:
    return {
        "metric": metric,
        "subset": cell[0],
        "region": cell[1],
        "cases": str(cases),
        "mean": mean,
        "median": median,
        "low": bounds[0],
        "high": bounds[1],
    }
