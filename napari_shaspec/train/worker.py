"""Scans and checks the data before a run. Runs in a worker, because it reads files."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from napari_shaspec.train.run_folder import config
from napari_shaspec.train.state import CaseRow, FoundCases, TrainForm
from shaspec.files.reading import parse_toml
from shaspec.task import Task, load_task

if TYPE_CHECKING:
    from shaspec.training.selection import Selection


@dataclass(frozen=True)
class Checked:
    """Event: the case ``name`` was read; ``problem`` is empty if it can be used."""

    name: str
    problem: str
    notice: str
    present: frozenset[str]
    done: int
    total: int


def scan_data(form: TrainForm) -> Iterator[FoundCases]:
    """Finds the cases, the task that fits them, and problems; raises `InputError`."""
    from shaspec.models.registry import network_config
    from shaspec.training.methods import architecture
    from shaspec.training.propose import propose
    from shaspec.training.selection import select_cases
    from shaspec.training.templates import task_text

    crop: tuple[int, ...] | None
    if form.task:
        task, name = load_task(form.task), form.task
        crop = None if task.dims == 3 else (64,) * task.dims
    else:
        proposal = propose(Path(form.data))
        task, crop = proposal.task, proposal.crop
        name = task.name if proposal.bundled else task_text(task)
    cases = FoundCases(name, task.names, (), crop)
    run = config(form, cases)
    network_config(architecture(run), run.preset, task, **run.network)
    selection = select_cases(run, task)
    yield FoundCases(
        name, task.names, _rows(Path(form.data), task, selection), crop,
        selection.problems, selection.notices,
    )  # fmt: skip


def check(form: TrainForm, cases: FoundCases) -> Iterator[Checked]:
    """Reads every case of the run, and yields a `Checked` for each."""
    from shaspec.training.read_through import read_through
    from shaspec.training.selection import select_cases

    task = the_task(cases)
    run = config(form, cases)
    selection = select_cases(run, task)
    total = len(selection.to_read)
    for k, case in enumerate(read_through(selection, run, task), 1):
        notice = "; ".join(case.notices)
        yield Checked(case.name, case.problem, notice, frozenset(case.present), k, total)


def the_task(cases: FoundCases) -> Task:
    """The task of the cases."""
    if "\n" in cases.task:
        return Task.model_validate(parse_toml(cases.task, "the task of the data"))
    return load_task(cases.task)


def _rows(data: Path, task: Task, selection: Selection) -> tuple[CaseRow, ...]:
    from shaspec.io.folders import find_cases

    uses, rows = selection.uses, []
    for files in find_cases(data, task):
        role = uses.get(files.name, "not used")
        no_labels = "no labels" if files.labels is None and role != "unlabelled" else ""
        problem = files.problems[0] if files.problems else no_labels
        rows.append(CaseRow(files.name, frozenset(files.volumes), role, problem))
    return tuple(rows)
