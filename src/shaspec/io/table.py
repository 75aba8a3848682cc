"""A list of cases as a CSV file: one row per case, one column per modality.

Columns: ``case``, the modalities by name or word, ``label`` (or ``labels``, ``seg`` ...) and
optionally ``fold`` (0, 1, ...) or ``split`` (``train``, ``val``, ``test``), see
`shaspec.io.splits`. An empty cell is a missing file; paths are relative to the CSV file.
"""

from __future__ import annotations

import csv
import io
import re
from itertools import zip_longest
from pathlib import Path

from shaspec.errors import InputError
from shaspec.files.reading import exists, is_file, read_any_text
from shaspec.io.naming import LABELS, read_name
from shaspec.task import Task

CASE = ("case", "name", "id", "subject", "patient")
SPLIT = ("fold", "split")
SEPARATORS = (",", ";", "\t")  # the first where the header has none
SAID = re.compile(r'"?sep=([,;\t])"?', re.IGNORECASE)
QUOTED = re.compile(r'"[^"]*"')
BRATS = re.compile(r"brats.*id")
"""Name columns of BraTS tables; if there are several, the last is the most recent."""


def is_table(path: Path) -> bool:
    """Return whether the name is that of a CSV file."""
    return path.suffix.lower() == ".csv"


def read_cells(path: Path) -> list[list[str]]:
    """The rows of a CSV file as lists of cells, without blank rows.

    Cells may be separated by commas, semicolons or tabs; a first line such as ``sep=;`` is
    supported.
    """
    separator, text = _separator(read_any_text(path))
    try:
        file = io.StringIO(text, newline="")
        lines = csv.reader(file, delimiter=separator, skipinitialspace=True)
        cells = [[cell.strip() for cell in line] for line in lines]
    except csv.Error as error:
        raise InputError(f"{path}: cannot be read as a CSV file: {error}") from error
    return [line for line in cells if any(line)]


def _separator(text: str) -> tuple[str, str]:
    """The separator of the cells, and the text without a line that declares it."""
    first, _, rest = text.partition("\n")
    said = SAID.fullmatch(first.strip("\r\n "))
    if said:
        return said[1], rest
    head = next((line for line in text.splitlines() if line.strip()), "")
    unquoted = QUOTED.sub("", head)
    return max(SEPARATORS, key=unquoted.count), text


def read_number(cell: str) -> float:
    """The number in a cell, with a decimal point or a decimal comma.

    Raises `ValueError` for anything else.
    """
    return float(cell.replace(",", ".") if cell.count(",") == 1 and "." not in cell else cell)


def file_at(cell: str, folder: Path) -> Path:
    """The file named in a cell of a table in ``folder``.

    If it does not exist, backslashes are read as separators, as in Windows paths.
    """
    path = folder / cell
    return path if exists(path) or "\\" not in cell else folder / cell.replace("\\", "/")


def read_rows(path: Path) -> list[dict[str, str]]:
    """The rows of a CSV file with a header, keys in lower case; raises `InputError`.

    Missing cells at the end of a row are empty; columns without a title, like the row names
    written by R, are ignored.
    """
    header, *rows = read_cells(path) or [[]]
    if not rows:
        raise InputError(f"{path}: has no rows below its header")
    titles = [title.lower() for title in header]
    named = [dict(zip_longest(titles, row[: len(titles)], fillvalue="")) for row in rows]
    return [{title: cell for title, cell in row.items() if title} for row in named]


def _require_even(path: Path) -> None:
    """Raise `InputError` for cells without a column and columns of the same title."""
    header, *rows = read_cells(path)
    titles = [title.lower() for title in header if title]
    twice = next((title for title in titles if titles.count(title) > 1), None)
    if twice:
        raise InputError(f"{path}: two columns are called {twice!r}; remove or rename one")
    for number, row in enumerate(rows, start=2):
        if any(row[len(header) :]):
            raise InputError(
                f"{path}: line {number} has {len(row)} cells, but the header has {len(header)}; "
                "put paths that contain the separator in quotes"
            )


def names_cases(column: str) -> bool:
    """Return whether a lower-case title is that of the column with case names."""
    return column in CASE or bool(BRATS.fullmatch(column))


def name_column(path: Path, row: dict[str, str]) -> str:
    """The column with the case names."""
    own = [name for name in CASE if name in row]
    column = next(iter([*own, *reversed([name for name in row if names_cases(name)])]), None)
    if column is None:
        raise InputError(f"{path}: has no column {CASE[0]!r}; it has {', '.join(row)}")
    return column


def read_table(path: Path, task: Task) -> dict[str, dict[str, Path]]:
    """Case -> modality or ``labels`` -> file; raises `InputError` naming the row or the column."""
    rows = read_rows(path)
    name = name_column(path, rows[0])
    _require_even(path)
    roles = {}
    for column in rows[0]:
        if column != name and column not in SPLIT:
            reading = read_name(column, task)
            match = reading.match
            if match is None:
                raise InputError(
                    f"{path}: column {column!r} is neither a modality ({task.title_names}) nor a "
                    f"label column ({', '.join(task.label_words)}): {reading.reason}"
                )
            roles[column] = match.role
    if len(set(roles.values())) != len(roles):
        raise InputError(f"{path}: two of the columns {', '.join(roles)} have the same meaning")
    cases: dict[str, dict[str, Path]] = {}
    missing: list[str] = []
    for number, row in enumerate(rows, start=2):
        case = row[name]
        files = {role: file_at(row[c], path.parent) for c, role in roles.items() if row.get(c)}
        if not case or case in cases:
            raise InputError(f"{path}: line {number}: case {case!r} has no unique name")
        gone = next((file for file in files.values() if not is_file(file)), None)
        missing += [f"line {number}: {gone} of case {case} does not exist"] * (gone is not None)
        cases[case] = {r: files[r] for r in (*task.names, LABELS) if r in files}
    if len(missing) == len(cases):  # else a case fails when it is read, and ends no other
        raise InputError(f"{path}: {missing[0]}")
    return cases
