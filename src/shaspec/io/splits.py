"""Lists of cases: folds in JSON, columns of a CSV file, or one name (or path) a line.

The lists that come with papers are of the last kind, e.g. ``.../HGG/Brats18_2013_10_1``: the last
part of a path is the name of the case. The tables that come with BraTS, ``name_mapping.csv`` and
``survival_info.csv``, name it in the last column ``..._subject_ID``, or ``Brats20ID``.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from shaspec.errors import InputError
from shaspec.io.datalist import held_out, is_datalist
from shaspec.io.naming import stem
from shaspec.io.table import SPLIT, is_table, name_column, names_cases, read_rows

GRADE = re.compile(r"^[HL]GG_(?=Brats)", re.IGNORECASE)
"""RFNet and those who share its lists put the folder of BraTS 2018 before the name of the case."""

HELD_OUT = ("val", "valid", "validation", "test", "held-out", "held_out")


def listed_cases(path: Path) -> list[str]:
    """Names in a text or CSV file, one case a line; empty lines and ``#`` comments are skipped."""
    if _has_columns(path):
        rows = read_rows(path)
        column = name_column(path, rows[0])
        return [row[column] for row in rows]
    names = []
    for line in _read(path).splitlines():
        text = line.split("#")[0].split(",")[0].strip().strip("\"'").rstrip("/\\")
        if text:
            names.append(GRADE.sub("", stem(text.replace("\\", "/").rsplit("/", 1)[-1])))
    if not names:
        raise InputError(f"{path}: lists no case")
    return names


def fold_cases(splits: Path, fold: int | None = None) -> set[str]:
    """Names of the cases that ``splits`` holds out, in fold number ``fold`` where it has several.

    Understood are ``{"folds": [[name, ...], ...]}``, nnU-Net's ``[{"train": [...], "val": [...]},
    ...]``, a list of MONAI with a ``fold`` for each case or a section ``validation``, a CSV file
    with a column ``fold`` or ``split``, and a plain list of the held-out cases.
    """
    if splits.suffix.lower() != ".json":
        if _has_columns(splits):
            return set(_column(splits, fold))
        if fold:
            raise InputError(f"{splits} is one list of cases, without folds: leave fold out")
        return set(listed_cases(splits))
    if is_datalist(splits):
        return held_out(splits, fold)
    try:
        content: Any = json.loads(_read(splits))
        folds = content["folds"] if isinstance(content, dict) else [f["val"] for f in content]
        lists = [[str(name) for name in names] for names in folds]
    except (ValueError, KeyError, TypeError) as error:
        raise InputError(f'{splits} is not a split file with "folds": {error!r}') from error
    if fold is None and len(lists) > 1:
        raise InputError(f"{splits} has folds 0 to {len(lists) - 1}: say which with fold")
    if not 0 <= (fold or 0) < len(lists):
        raise InputError(f"{splits} has folds 0 to {len(lists) - 1}, not {fold}")
    return set(lists[fold or 0])


def _column(path: Path, fold: int | None) -> list[str]:
    """The held-out cases by the column ``fold`` or ``split`` of a CSV file."""
    rows = read_rows(path)
    name = name_column(path, rows[0])
    column = next((c for c in SPLIT if c in rows[0]), None)
    if column is None:
        return [row[name] for row in rows]
    wanted = HELD_OUT if fold is None else (str(fold),)
    chosen = [row[name] for row in rows if row[column].lower() in wanted]
    if not chosen:
        values = ", ".join(sorted({row[column] for row in rows}))
        raise InputError(
            f"{path}: no row has {' or '.join(wanted)} in column {column!r} (it has {values})"
        )
    return chosen


def _has_columns(path: Path) -> bool:
    first = _read(path).lstrip("\ufeff").split("\n", 1)[0]
    return is_table(path) and any(names_cases(cell.strip().lower()) for cell in first.split(","))


def _read(path: Path) -> str:
    try:
        return path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{path}: cannot be read as a list of cases: {error}") from error
