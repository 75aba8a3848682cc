"""Reads a case, and asks the user where names, content, labels or grids leave something open.

Without a window to ask in (a script), the rules of `shaspec.io.read_case` decide alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from napari_shaspec.assign import question
from napari_shaspec.assign.choices import Choices
from napari_shaspec.jobs.waiting import alive
from shaspec.case import Case
from shaspec.errors import InputError, UndecidedError
from shaspec.io import CaseFiles, read_case
from shaspec.task import Task

READING = "reading the case"
WITHOUT = "Open without the labels"


def open_case(source: Path | Sequence[Path], task: Task) -> Case | None:
    """The case in a folder or in files; None: the user has cancelled.

    Raises `InputError` if it cannot be read, or if there is no window to ask in.
    """
    if not question.can_ask():
        return _read(source, task)
    choices = Choices(source, task)
    if choices.doubtful:
        return ask_and_read(choices, choices.doubt)
    try:
        case = _read(choices.files(asked=False) if choices.recalled else source, task)
    except InputError as error:
        if not choices.rows:
            raise
        return ask_and_read(choices, str(error))
    if case.doubts and choices.rows:
        return ask_and_read(choices, "; ".join(case.doubts))
    return case


def ask_and_read(choices: Choices, why: str) -> Case | None:
    """Shows the dialog until its files can be read; None: the user has cancelled."""
    while question.ask_roles(choices, why):
        try:
            return _read(choices.files(asked=True), choices.task, choices.grid)
        except InputError as error:
            why = str(error)
    return None


def _read(source: Path | Sequence[Path] | CaseFiles, task: Task, grid: str = "") -> Case:
    """The case; without its labels, and with a notice, where those cannot be read."""
    options: dict[str, Any] = {"grid": grid}
    asked: set[str] = set()
    while True:
        try:
            return alive(partial(read_case, source, task, **options), READING)
        except UndecidedError as error:
            if error.option not in asked and question.can_ask():
                asked.add(error.option)
                answer = question.ask_option(error, WITHOUT)
                if answer is not None:
                    options[error.option] = answer
                    continue
            return _without_labels(source, task, grid, error)
        except InputError as error:
            return _without_labels(source, task, grid, error)


def _without_labels(
    source: Path | Sequence[Path] | CaseFiles, task: Task, grid: str, error: InputError
) -> Case:
    read = partial(read_case, source, task, with_labels=False, grid=grid)
    case = alive(read, READING)  # raises if a volume is to blame
    return replace(case, notices=(*case.notices, f"the labels are left out: {error}"))
