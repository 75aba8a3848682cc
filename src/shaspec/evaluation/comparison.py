"""Paired comparison of two models on the same cases."""

from __future__ import annotations

import math
from collections.abc import Iterable

import numpy as np

from shaspec.errors import InputError
from shaspec.evaluation.bootstrap import Floats, interval
from shaspec.evaluation.metrics import METRICS
from shaspec.evaluation.statistics import case_values, metrics_of
from shaspec.evaluation.tables import Line, Row


def compare(a: Iterable[Row], b: Iterable[Row]) -> list[Line]:
    """Lines of ``comparison.csv``: a minus b per metric, subset and region, for shared cases.

    ``difference`` is the mean of the paired differences, ``low`` and ``high`` its 95 % interval;
    ``won``, ``tied`` and ``lost`` count the cases in which a is better, equal or worse. For metrics
    that are best at 0 (volume errors), absolute values are compared.

    Raises:
        InputError: the results have no case, subset and region in common.
    """
    first, second = ({row.key: row for row in rows} for rows in (a, b))
    shared = [key for key in first if key in second]
    if not shared:
        raise InputError(
            "the two results have no case, subset and region in common: evaluate both models on "
            "the same cases"
        )
    mine, other = [first[key] for key in shared], [second[key] for key in shared]
    lines: list[Line] = []
    for metric in (m for m in metrics_of(mine) if m in metrics_of(other) and METRICS[m].best):
        there = case_values(other, metric)
        for (subset, region), values in case_values(mine, metric).items():
            cases = [case for case in values if case in there[subset, region]]
            x = np.array([values[case] for case in cases], np.float64)
            y = np.array([there[subset, region][case] for case in cases], np.float64)
            names: Line = {"metric": metric, "subset": subset, "region": region}
            lines.append(names | _paired(x, y, METRICS[metric].best))
    return lines


def _paired(x: Floats, y: Floats, best: str) -> Line:
    if best == "nearest 0":
        x, y = np.abs(x), np.abs(y)
    # Rounded as in the CSV files, so that comparing files gives the same ties.
    difference = np.round(x - y, 6)
    better = difference if best == "highest" else -difference
    low, high = interval(difference)
    return {
        "cases": str(len(x)),
        "mean_a": _mean(x),
        "mean_b": _mean(y),
        "difference": _mean(difference),
        "low": low,
        "high": high,
        "won": str(np.count_nonzero(better > 0)),
        "tied": str(np.count_nonzero(better == 0)),
        "lost": str(np.count_nonzero(better < 0)),
    }


def _mean(values: Floats) -> float:
    return float(values.mean()) if len(values) else math.nan
