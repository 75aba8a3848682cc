"""``review.csv``: which results of a folder a person has accepted or rejected."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import zip_longest
from pathlib import Path
from typing import Literal, get_args

from shaspec.cohort.manifest import Record
from shaspec.errors import InputError
from shaspec.evaluation.tables import Line
from shaspec.files.reading import is_file
from shaspec.files.tables import write_csv
from shaspec.io.table import read_cells

NAME = "review.csv"
COLUMNS = ("case", "subset", "mark", "key", "time")

Mark = Literal["accepted", "rejected", ""]


@dataclass(frozen=True)
class Review:
    """One person's judgement of one result."""

    mark: Mark
    key: str
    """Key of the record of the result: a result that was computed again needs a new review."""
    time: str = ""


Reviews = Mapping[tuple[str, str], Review]
"""(case, subset) -> its review."""


def read_reviews(folder: Path) -> dict[tuple[str, str], Review]:
    """The reviews of a folder of results; none if it has no ``review.csv``.

    Raises:
        InputError: if the file is not such a table.
    """
    path = folder / NAME
    if not is_file(path):
        return {}
    reviews = {}
    header, *cells = read_cells(path) or [[]]
    if not set(COLUMNS) <= set(header):
        raise InputError(f"{path}: has no columns {', '.join(COLUMNS)}; move the file away")
    for values in cells:
        line = dict(zip_longest(header, values[: len(header)], fillvalue=""))
        text = line["mark"]
        mark = next((choice for choice in get_args(Mark) if choice == text), None)
        if mark is None:
            raise InputError(
                f"{path}: the mark {text!r} of {line['case']} is neither accepted nor rejected; "
                "correct it, or leave it empty"
            )
        if mark:  # a mark that was emptied in a spreadsheet does not count
            reviews[line["case"], line["subset"]] = Review(mark, line["key"], line["time"])
    return reviews


def mark_of(record: Record, reviews: Reviews) -> Mark:
    """The mark of a result; empty if there is none, or if the result was made anew since then."""
    review = reviews.get((record.case, record.subset))
    return review.mark if review is not None and review.key == _key(record) else ""


def write_mark(folder: Path, record: Record, mark: Mark) -> Path:
    """Set or remove the mark of one result; the others are kept.

    Args:
        folder: of the results.
        record: of the result, from the manifest.
        mark: empty: removes it.

    Returns:
        ``review.csv`` in the folder.

    Raises:
        InputError: if the file is not such a table, or cannot be written.
    """
    reviews = read_reviews(folder)
    reviews.pop((record.case, record.subset), None)
    if mark:
        now = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
        reviews[record.case, record.subset] = Review(mark, _key(record), now)
    lines: list[Line] = [
        {"case": case, "subset": subset, "mark": r.mark, "key": r.key, "time": r.time}
        for (case, subset), r in sorted(reviews.items())
    ]
    write_csv(folder / NAME, lines, COLUMNS)
    return folder / NAME


def _key(record: Record) -> str:
    """The same for results of the same settings and run."""
    return f"{record.key}-{record.time}"
