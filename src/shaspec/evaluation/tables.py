"""Rows of ``metrics.csv``: one per case, subset and region, without summaries."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from pathlib import Path

from shaspec.errors import InputError
from shaspec.evaluation.metrics import METRICS
from shaspec.files.reading import is_folder
from shaspec.files.tables import write_csv
from shaspec.io.table import read_cells, read_number

METRICS_FILE = "metrics.csv"
SO_FAR = "metrics-so-far.csv"
"""The rows of a run that has not ended; a run that was killed leaves it."""
SUMMARY_FILE = "summary.csv"
COMPARISON_FILE = "comparison.csv"
KEYS = ("case", "subset", "region")

Line = dict[str, str | float]
"""One line of a CSV file; NaN is written as an empty cell."""


@dataclass(frozen=True)
class Row:
    """The scores of one region of one case from one subset."""

    case: str
    """Name of the case."""
    subset: str
    """The subset as text, e.g. ``FLAIR+T2``."""
    region: str
    """Name of the region."""
    scores: Mapping[str, float]
    """Metric, as in `METRICS` -> value in its unit; NaN: undefined."""

    @property
    def key(self) -> tuple[str, str, str]:
        """Identifies a row."""
        return self.case, self.subset, self.region


def write_rows(path: Path, rows: Iterable[Row]) -> None:
    """Writes ``metrics.csv``."""
    write_csv(
        path, [dict(zip(KEYS, r.key, strict=True)) | dict(r.scores) for r in rows], (*KEYS, "dice")
    )


def read_rows(paths: Sequence[Path]) -> list[Row]:
    """Reads one or several ``metrics.csv`` (or folders that contain one), e.g. of all folds.

    Raises:
        InputError: a file is not such a table, or two files contain the same row.
    """
    rows: list[Row] = []
    seen: dict[tuple[str, str, str], Path] = {}
    for path in paths:
        path = path / METRICS_FILE if is_folder(path) else path
        for row in _read(path):
            if row.key in seen:
                raise InputError(
                    f"{path}: case {row.case}, {row.subset}, {row.region} is also in "
                    f"{seen[row.key]}: give each fold once"
                )
            seen[row.key] = path
            rows.append(row)
    return rows


def _read(path: Path) -> Iterable[Row]:
    header, *cells = read_cells(path) or [[]]
    lines = [dict(zip_longest(header, line[: len(header)], fillvalue="")) for line in cells]
    try:
        if lines and "dice" not in lines[0]:
            raise ValueError("there is no column dice")
        for line in lines:
            if not all(line[key] for key in KEYS):
                raise ValueError(f"a row names no {' or no '.join(KEYS)}")
            scores = {name: _score(line[name]) for name in METRICS if name in line}
            yield Row(line["case"], line["subset"], line["region"], scores)
    except (KeyError, ValueError) as error:
        raise InputError(f"{path} is not a metrics.csv of shaspec evaluate: {error}") from error
    if not lines:
        raise InputError(f"{path} has no rows")


def _score(cell: str) -> float:
    """The number in a cell; NaN for an empty one."""
    value = read_number(cell) if cell else math.nan
    if math.isinf(value):
        raise ValueError(f"{cell} is not a score")
    return value
