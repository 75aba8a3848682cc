"""Read splits: folds in JSON, columns of a CSV file, or one case name (or path) per line.

Lists published with papers are of the last kind, e.g. ``.../HGG/Brats18_2013_10_1``: the last part
of a path is the name of the case. The tables of BraTS, ``name_mapping.csv`` and
``survival_info.csv``, have it in the last column ``..._subject_ID``, or ``Brats20ID``.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from shaspec.errors import InputError
from shaspec.files.reading import is_file, read_any_text, read_json
from shaspec.io.case_files import CaseFiles
from shaspec.io.datalist import KNOWN, is_datalist, read_entries
from shaspec.io.naming import stem
from shaspec.io.table import (
    SPLIT,
    is_table,
    name_column,
    names_cases,
    read_cells,
    read_rows,
)

SEPARATOR = re.compile(r"[,;\t]")
GRADE = re.compile(r"^[HL]GG_(?=Brats)", re.IGNORECASE)
"""Prefix of case names in the lists of RFNet: the folder of BraTS 2018."""

TRAINING = ("", "train", "training")
VALIDATION = ("val", "valid", "validation")
TEST = ("test", "testing", "held-out", "held_out")
DIGITS = 9  # of the number of a fold
SHOWN = 40  # characters of a cell in a message
"""Values of a column ``fold`` or ``split``, besides the number of a fold."""


@dataclass(frozen=True)
class HeldOut:
    """Names of the cases excluded from training, and their use."""

    names: frozenset[str] = frozenset()
    validation: frozenset[str] = frozenset()
    """Cases for validation during training: those for validation, else those for testing."""
    evaluation: frozenset[str] = frozenset()
    """Cases for the final evaluation: those for testing, else those for validation."""

    @classmethod
    def alike(cls, names: Iterable[str]) -> HeldOut:
        """Use all of them for both."""
        chosen = frozenset(names)
        return cls(chosen, chosen, chosen)


def listed_cases(path: Path) -> list[str]:
    """Names in a text or CSV file, one case per line; skips empty lines and ``#`` comments."""
    if _has_columns(path):
        rows = read_rows(path)
        column = name_column(path, rows[0])
        return [row[column] for row in rows]
    names = []
    for line in read_any_text(path).splitlines():
        text = SEPARATOR.split(line.split("#")[0])[0].strip().strip("\"'").rstrip("/\\")
        if text:
            names.append(GRADE.sub("", stem(text.replace("\\", "/").rsplit("/", 1)[-1])))
    if not names:
        raise InputError(f"{path}: lists no case")
    return names


def fold_cases(splits: Path, fold: int | None = None) -> set[str]:
    """Names of the cases that ``splits`` reserves for the evaluation, see `held_out`."""
    return set(held_out(splits, fold).evaluation)


def held_out(splits: Path, fold: int | None = None) -> HeldOut:
    """The cases that ``splits`` holds out, in fold number ``fold`` if it has several.

    Supported are ``{"folds": [[name, ...], ...]}``, nnU-Net's ``[{"train": [...], "val": [...]},
    ...]``, a MONAI data list with a ``fold`` for each case or a section ``validation``, a CSV file
    with a column ``fold`` or ``split``, and a plain list of the held-out cases. If a fold is given,
    further cases for validation or testing are excluded from training too.
    """
    if is_datalist(splits) or _split_columns(splits):
        return _marked(splits, fold)
    if splits.suffix.lower() != ".json":
        if fold or (fold is not None and is_table(splits) and _has_columns(splits)):
            raise InputError(
                f"{splits} is one list of cases without folds; omit fold, or add to a CSV file "
                f"the column {SPLIT[0]!r}"
            )
        return HeldOut.alike(listed_cases(splits))
    content: Any = read_json(splits)
    try:
        folds = content["folds"] if isinstance(content, dict) else [f["val"] for f in content]
        lists = [[str(name) for name in names] for names in folds]
    except (ValueError, KeyError, TypeError) as error:
        raise InputError(f'{splits} is not a split file with "folds": {error!r}') from error
    if fold is None and len(lists) > 1:
        raise InputError(f"{splits} has folds 0 to {len(lists) - 1}; choose one with fold")
    if not 0 <= (fold or 0) < len(lists):
        raise InputError(f"{splits} has folds 0 to {len(lists) - 1}, not {fold}")
    return HeldOut.alike(lists[fold or 0])


def holds_out(path: Path) -> bool:
    """Return whether a list marks some of its cases as validation or test cases."""
    return bool({"validation", "test"} & _all_marks(path))


def folds_of(path: Path) -> list[int]:
    """The fold numbers in a list of cases; empty if it has none."""
    return sorted(int(mark) for mark in _all_marks(path) if mark.isdecimal())


def _marked(path: Path, fold: int | None) -> HeldOut:
    """The held-out cases according to the list."""
    marks = _marks(path)
    validation = frozenset(name for name, of in marks.items() if "validation" in of)
    test = frozenset(name for name, of in marks.items() if "test" in of)
    folds = ", ".join(map(str, folds_of(path))) or "none"
    if fold is None:
        if not validation | test:
            raise InputError(
                f"{path}: has no case for validation or testing; choose the fold to hold out "
                f"with fold (it has {folds})"
            )
        return HeldOut(validation | test, validation or test, test or validation)
    chosen = frozenset(name for name, of in marks.items() if str(fold) in of) - test
    if not chosen:
        raise InputError(f"{path}: no case has fold {fold} (it has {folds})")
    return HeldOut(chosen | validation | test, chosen, chosen)


def _marks(path: Path) -> dict[str, set[str]]:
    """Case name -> ``validation``, ``test`` and fold numbers, as given in the list.

    MONAI's test sections have no labels and are not used.
    """
    marks: dict[str, set[str]] = {}
    if is_file(path) and is_datalist(path):
        for entry in read_entries(path):
            if entry.section in KNOWN:
                of = {entry.section, entry.fold or ""} - {"training", ""}
                marks[entry.name] = of
    elif is_file(path) and (columns := _split_columns(path)):
        rows = read_rows(path)
        name = name_column(path, rows[0])
        for row in rows:
            of = {_mark(row[column], f"{path}: case {row[name]}: {column}") for column in columns}
            marks.setdefault(row[name], set()).update(of - {""})
    return marks


def _mark(cell: str, where: str) -> str:
    """The meaning of a cell of a column ``fold`` or ``split``; empty: training."""
    word = cell.lower()
    if word in TRAINING:
        return ""
    if word in VALIDATION or word in TEST:
        return "validation" if word in VALIDATION else "test"
    # pandas writes 0 as 0.0 if another cell is empty
    number = word.removesuffix(".0").removesuffix(",0")
    if not number.isdecimal() or len(number) > DIGITS:
        raise InputError(
            f"{where} is {cell[:SHOWN]!r}: write train, val, test or the number of a fold"
        )
    return str(int(number))


def _all_marks(path: Path) -> set[str]:
    return set().union(*_marks(path).values())


def _split_columns(path: Path) -> list[str]:
    """The columns ``fold`` and ``split`` that a CSV file has."""
    if not is_table(path) or not _has_columns(path):
        return []
    first = read_rows(path)[0]
    return [column for column in SPLIT if column in first]


def _has_columns(path: Path) -> bool:
    return is_table(path) and any(names_cases(cell.lower()) for cell in _header(path))


def _header(path: Path) -> list[str]:
    return next(iter(read_cells(path)), [])


def only_listed(path: Path, cases: list[CaseFiles]) -> list[CaseFiles]:
    """The cases listed in a text file, in its order, as ``39``, ``39.png`` or ``rgb/39.png``."""
    names = listed_cases(path)
    by_name = {case.name: case for case in cases}
    name, number = Counter(names).most_common(1)[0]
    if number > 1:
        raise InputError(f"{path}: lists {name} {number} times; write every case once")
    unknown = [name for name in names if name not in by_name]
    if unknown:
        raise InputError(
            f"{path}: lists {', '.join(unknown[:4])}, but {path.parent} has no such "
            "case; write one case name per line"
        )
    return [by_name[name] for name in names]
