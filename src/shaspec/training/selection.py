"""Which cases a run trains on, and everything that is wrong with them, before anything starts."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from shaspec.errors import InputError, WeightsError
from shaspec.files.reading import is_file
from shaspec.io.datalist import is_datalist
from shaspec.io.folders import CaseFiles, find_cases
from shaspec.io.splits import HeldOut, folds_of, held_out, holds_out, listed_cases
from shaspec.io.table import is_table
from shaspec.models.card import load_card
from shaspec.phantom import DEMO_SEED
from shaspec.phantom import TASKS as WITH_PHANTOMS
from shaspec.task import Task
from shaspec.training.config import TrainConfig
from shaspec.training.methods import METHODS
from shaspec.training.unlabelled import hidden_names, other_cases

SHOWN = 5  # problems that a message names


@dataclass(frozen=True)
class Selection:
    """The cases of a run. ``problems`` keep it from starting, ``notices`` do not."""

    training: tuple[CaseFiles, ...] = ()
    unlabelled: tuple[CaseFiles, ...] = ()
    """Without labels, or with some that are not read, for methods that learn from such too."""
    phantoms: tuple[int, ...] = ()
    """Their seeds."""
    hidden: frozenset[str] = frozenset()
    """Names of those cases of ``training`` and ``phantoms`` whose labels are not used."""
    held_out: tuple[CaseFiles, ...] = ()
    validation: tuple[CaseFiles, ...] = ()
    """The cases of ``held_out`` that validate the model during training."""
    demo_phantoms: tuple[int, ...] = ()
    """Seeds of phantoms for validation instead."""
    problems: tuple[str, ...] = ()
    notices: tuple[str, ...] = ()

    @property
    def number(self) -> int:
        """How many cases there are to prepare."""
        return len(self.training) + len(self.unlabelled) + len(self.phantoms)

    @property
    def to_read(self) -> tuple[CaseFiles, ...]:
        """The cases whose files a run reads."""
        return (*self.training, *self.unlabelled, *self.validation)

    @property
    def uses(self) -> dict[str, str]:
        """Name of a case -> ``train``, ``phantom``, ``unlabelled`` or ``held out``."""
        groups = {
            "train": [files.name for files in self.training],
            "phantom": [f"phantom-{seed}" for seed in self.phantoms],
            "unlabelled": [*(files.name for files in self.unlabelled), *self.hidden],
            "held out": [files.name for files in self.held_out],
        }
        return {name: use for use, names in groups.items() for name in names}

    def require(self) -> None:
        """Raise `InputError` with the problems, if there are any."""
        if self.problems:
            more = len(self.problems) - SHOWN
            text = "; ".join(self.problems[:SHOWN]) + (f"; and {more} more" if more > 0 else "")
            raise InputError(text)


def select_cases(config: TrainConfig, task: Task) -> Selection:
    """Find the cases by their names; reads no voxel."""
    about: list[str] = []
    there = find_cases(config.data, task, notice=about.append) if config.data else []
    selection = _real_cases(config, there) if config.data else Selection()
    seeds = range(config.phantom_seed, config.phantom_seed + config.phantoms)
    # Without real cases, `labelled` chooses among the phantoms.
    names = [files.name for files in selection.training] or [f"phantom-{seed}" for seed in seeds]
    selection = replace(selection, phantoms=tuple(seeds), hidden=hidden_names(names, config))
    if METHODS[config.method].semi_supervised:
        selection = _semi_supervised(selection, config, task, there)
    else:
        selection = _supervised(selection, config)
    if config.data and not selection.training and not selection.problems:
        selection = replace(selection, problems=(f"no labelled case to train on in {config.data}",))
    said = (*about, *selection.notices, *_seen_by_start(selection, config))
    selection = replace(selection, notices=said)
    return _validated(selection, config, task) if config.validate_every_minutes else selection


def _supervised(selection: Selection, config: TrainConfig) -> Selection:
    """The selection without cases whose labels are missing or hidden."""
    problems, notices = list(selection.problems), list(selection.notices)
    if config.unlabelled:
        notices.append(
            f"unlabelled = {config.unlabelled}: not used, because method {config.method!r} needs "
            "labels: choose m3l or mean-teacher to use it"
        )
    doubtful = [f"case {f.name}: {f.problems[0]}" for f in selection.unlabelled if f.problems]
    if config.cases:
        problems += doubtful
    else:
        notices += [f"{text}: not used" for text in doubtful]
    if unlabelled := [files.name for files in selection.unlabelled if not files.problems]:
        bare = _names(unlabelled)
        text = f"{bare}: no label file, which supervised training needs"
        if config.cases:
            problems.append(f"{config.cases}: {text}; add the labels or take them off the list")
        else:
            notices.append(f"{text}: not used")
    return replace(
        selection,
        training=tuple(files for files in selection.training if files.name not in selection.hidden),
        unlabelled=(),
        phantoms=tuple(
            seed for seed in selection.phantoms if f"phantom-{seed}" not in selection.hidden
        ),
        hidden=frozenset(),
        problems=tuple(problems),
        notices=tuple(notices),
    )


def _semi_supervised(
    selection: Selection, config: TrainConfig, task: Task, there: Sequence[CaseFiles]
) -> Selection:
    """With the cases of another folder; ``there`` are all of ``config.data``.

    One that is called like a case of ``data`` may be the same patient, perhaps one to be tested on.
    """
    taken = {files.name for files in there} | held_out_cases(config).names
    others = other_cases(config, task, there)
    namesakes = [files.name for files in others if files.name in taken]
    unlabelled = [*selection.unlabelled, *(files for files in others if files.name not in taken)]
    problems, notices = list(selection.problems), list(selection.notices)
    problems += [f"case {f.name}: {f.problems[0]}" for f in unlabelled if f.problems]
    if not unlabelled and not selection.hidden:
        problems.append(
            f"method {config.method!r} learns from unlabelled cases too, and there are none: give "
            "unlabelled = a folder, or labelled = how many cases keep their labels"
        )
    if namesakes:
        notices.append(
            f"{_names(namesakes)} of {config.unlabelled}: not used, for a case of data, or one "
            "that is held out, has the same name; rename those that are other patients"
        )
    return replace(
        selection,
        unlabelled=tuple(files for files in unlabelled if not files.problems),
        problems=tuple(problems),
        notices=tuple(notices),
    )


def _seen_by_start(selection: Selection, config: TrainConfig) -> list[str]:
    """Cases held out from this training but not from that of the start model.

    An invalid start model raises an error when its weights are loaded."""
    try:
        card = load_card(config.start) if config.start else None
    except WeightsError:
        return []
    seen = [files.name for files in selection.held_out if card and card.seen_name(files.name)]
    if not seen:
        return []
    text = (
        f"start {config.start!r} was trained on {_names(seen)}: they are held out here, but their "
        "scores say nothing about new cases; hold out others, or omit start"
    )
    return [text]


def _validated(selection: Selection, config: TrainConfig, task: Task) -> Selection:
    """Add the cases for validation during training."""
    most = config.validate_cases
    ours = held_out_cases(config).validation
    held = [files for files in selection.held_out if files.name in ours]
    labelled = [files for files in held if files.labels and not files.problems]
    if labelled:
        complete_first = sorted(labelled, key=lambda files: -len(files.volumes))
        return replace(selection, validation=tuple(complete_first[:most]))
    if selection.held_out or task.name not in WITH_PHANTOMS:
        why = "those that are held out have no labels" if selection.held_out else "none is held out"
        text = (
            f"validate_every_minutes = {config.validate_every_minutes:g} needs labelled cases to "
            f"try the model on, and {why}: name some in splits, or leave it out"
        )
        return replace(selection, problems=(*selection.problems, text))
    return replace(selection, demo_phantoms=tuple(range(DEMO_SEED, DEMO_SEED + most)))


def _real_cases(config: TrainConfig, there: Sequence[CaseFiles]) -> Selection:
    """The cases of ``config.data``, which contains those of ``there``."""
    assert config.data is not None
    by_name = {files.name: files for files in there}
    listed = listed_cases(config.cases) if config.cases else list(by_name)
    held = held_out_cases(config).names
    problems = _unknown(listed, by_name, config.cases, config.data)
    problems += _unknown(sorted(held), by_name, split_file(config), config.data)
    names = [name for name in dict.fromkeys(listed) if name in by_name and name not in held]
    here = [by_name[name] for name in names]
    labelled = [files for files in here if files.labels is not None]
    problems += [f"case {files.name}: {files.problems[0]}" for files in labelled if files.problems]
    return Selection(
        tuple(files for files in labelled if not files.problems),
        tuple(files for files in here if files.labels is None),
        held_out=tuple(by_name[name] for name in by_name if name in held),
        problems=tuple(problems),
        notices=tuple(_told_by_lists(config, names)),
    )


def held_out_cases(config: TrainConfig) -> HeldOut:
    """The cases that training must not see."""
    file = split_file(config)
    return held_out(file, config.fold) if file else HeldOut()


def split_file(config: TrainConfig) -> Path | None:
    """``splits``, else whichever of the lists ``data`` and ``cases`` says who is held out."""
    if config.splits:
        return config.splits
    lists = _lists(config)
    if config.fold is None:
        return next((path for path in lists if holds_out(path)), None)
    # Without folds, `held_out` raises the error.
    return next((path for path in lists if folds_of(path)), lists[0] if lists else None)


def _lists(config: TrainConfig) -> list[Path]:
    paths = (path for path in (config.data, config.cases) if path)
    return [path for path in paths if is_datalist(path) or (is_table(path) and is_file(path))]


def _told_by_lists(config: TrainConfig, names: Sequence[str]) -> Iterator[str]:
    """What ``data`` and ``cases`` say of who is held out, and what becomes of it.

    ``names`` are the cases that are not held out.
    """
    file = split_file(config)
    if file and not config.splits:
        held = sorted(held_out_cases(config).names)
        yield f"held out, as {file} says: {_names(held)}"
    for path in _lists(config):
        trained = sorted(held_out(path).names & set(names)) if holds_out(path) else []
        if trained:
            yield (
                f"{path} keeps {_names(trained)} from training, which {file} does not: they are "
                "trained on"
            )
        if not file and folds_of(path):
            folds = ", ".join(map(str, folds_of(path)))
            yield (
                f"{path} has the folds {folds}, of which none is held out: all are trained on; "
                "hold one out with fold"
            )


def _unknown(
    names: list[str], found: dict[str, CaseFiles], source: Path | None, data: Path
) -> list[str]:
    missing = [name for name in names if name not in found]
    if not missing:
        return []
    there = _names(list(found))
    return [f"{source} names {_names(missing)}, which {data} does not contain (it has {there})"]


def _names(names: list[str]) -> str:
    return ", ".join(names[:4]) + (f" and {len(names) - 4} more" if len(names) > 4 else "")
