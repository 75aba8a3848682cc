"""Which cases a run trains on, and everything that is wrong with them, before anything starts."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from shaspec.errors import InputError
from shaspec.io.cases import read_case
from shaspec.io.folders import CaseFiles, find_cases
from shaspec.io.splits import fold_cases, listed_cases
from shaspec.task import Task
from shaspec.training.config import TrainConfig

SHOWN = 5  # problems that a message names


@dataclass(frozen=True)
class Selection:
    """The cases of a run. ``problems`` keep it from starting, ``notices`` do not."""

    training: tuple[CaseFiles, ...] = ()
    held_out: tuple[CaseFiles, ...] = ()
    problems: tuple[str, ...] = ()
    notices: tuple[str, ...] = ()

    def require(self) -> None:
        """Raise `InputError` with the problems, if there are any."""
        if self.problems:
            more = len(self.problems) - SHOWN
            text = "; ".join(self.problems[:SHOWN]) + (f"; and {more} more" if more > 0 else "")
            raise InputError(text)


def select_cases(config: TrainConfig, task: Task) -> Selection:
    """Find the cases by their names; reads no voxel."""
    if config.data is None:
        return Selection()
    found = {files.name: files for files in find_cases(config.data, task)}
    listed = listed_cases(config.cases) if config.cases else list(found)
    held_out = held_out_cases(config)
    problems = _unknown(listed, found, config.cases, config.data)
    problems += _unknown(sorted(held_out), found, config.splits, config.data)
    training, bare = [], []
    for name in dict.fromkeys(listed):
        files = found.get(name)
        if files is None or name in held_out:
            continue
        if files.labels is None:
            bare.append(name)
        elif files.problems:
            problems.append(f"case {name}: {files.problems[0]}")
        else:
            training.append(files)
    notices = []
    if bare:
        text = f"{_names(bare)}: no label file, which supervised training needs"
        if config.cases:
            problems.append(f"{config.cases}: {text}; add the labels or take them off the list")
        else:
            notices.append(f"{text}: not used")
    if not training and not problems:
        problems.append(f"no labelled case to train on in {config.data}")
    kept = tuple(found[name] for name in found if name in held_out)
    return Selection(tuple(training), kept, tuple(problems), tuple(notices))


def held_out_cases(config: TrainConfig) -> set[str]:
    """Names of the cases that training must not see."""
    return fold_cases(config.splits, config.fold) if config.splits else set()


def read_through(
    selection: Selection, config: TrainConfig, task: Task
) -> Iterator[tuple[CaseFiles, str]]:
    """Read every training case as the run would; yields it with what is wrong, or ``""``."""
    for files in selection.training:
        try:
            read_case(files, task, scheme=config.scheme)
        except InputError as error:
            yield files, str(error)
        else:
            yield files, ""


def _unknown(
    names: list[str], found: dict[str, CaseFiles], source: Path | None, data: Path
) -> list[str]:
    missing = [name for name in names if name not in found]
    if not missing:
        return []
    there = _names(list(found))
    return [f"{source} names {_names(missing)}, which {data} does not hold (it holds {there})"]


def _names(names: list[str]) -> str:
    return ", ".join(names[:4]) + (f" and {len(names) - 4} more" if len(names) > 4 else "")
