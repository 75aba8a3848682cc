"""What reads each kind of input in the plugin: its reader, run folders, edits, saved settings."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from types import SimpleNamespace
from unittest.mock import patch

import numpy as np

from napari_shaspec import recent_cases, run_times
from napari_shaspec.assign import memory, question
from napari_shaspec.assign.choices import Choices
from napari_shaspec.cohort import worker
from napari_shaspec.reader import get_reader
from napari_shaspec.segment.edit_file import Head, read_edits, read_head, write_edits
from napari_shaspec.train.history import read_log
from napari_shaspec.train.run_folder import stored_form
from napari_shaspec.train.state import TrainForm
from shaspec.case import Case
from shaspec.cohort.manifest import Manifest
from shaspec.cohort.review import mark_of, read_reviews, write_mark
from shaspec.errors import InputError
from shaspec.geometry import Grid
from shaspec.phantom import make_case
from shaspec.prediction import Prediction
from shaspec.preparation.restore import to_inputs
from shaspec.preparation.transforms import Transforms, read_transforms, write_transforms
from shaspec.registration import Registration, Rigid
from shaspec.task import load_task
from shaspec.training.runlog import RunLog


def run_folder(path: Path) -> None:
    """The settings of a run that is opened again."""
    stored_form(path.parent, TrainForm())


def run_log(path: Path) -> None:
    """The losses of a run that is opened again, and the log that it goes on with."""
    past = read_log(path.parent, until=2)
    list(past.curve.lines())
    RunLog(path.parent, step=1).close()


def saved_settings(path: Path) -> None:
    """What napari's preferences have of earlier cases and run times."""
    text = path.read_text("utf-8", "replace")
    kept = SimpleNamespace(recent=text, seconds=text, roles=text)
    task = load_task("brats")
    with (
        patch.object(recent_cases, "section", lambda _: kept),
        patch.object(run_times, "section", lambda _: kept),
        patch.object(memory, "section", lambda _: kept),
    ):
        for case in recent_cases.recent_cases():
            assert case.name is not None
            assert case.there in (True, False)
        recent_cases.remember(["a"])
        kept.recent = text
        run_times.measured("shaspec")
        memory.remembered("case1_weighted.nii.gz", task)
        memory.remember({("case1_weighted.nii.gz", ""): "FLAIR"}, task)


def dropped(path: Path) -> None:
    """The layers of a volume that is dropped on napari; a user who is asked says Cancel."""
    reader = get_reader(str(path))
    if reader is None:
        raise InputError(f"{path}: not for this plugin")
    with patch.object(question, "ask_roles", lambda *_: False):
        reader(str(path))


@cache
def _case() -> Case:
    return make_case(1, shape=(12, 12, 12))


def make_edits(folder: Path) -> None:
    """An edited result."""
    case = _case()
    labels = np.zeros(case.grid.shape, np.uint8)
    facts = {"model": "tiny", "sha256": "0"}
    result = Prediction(case.name, case.task, case.grid, ("FLAIR",), labels, facts)
    head = Head(case.name, "brats", "FLAIR", "0", {"FLAIR": "a.nii"}, ["brush"], "today", facts)
    write_edits(folder / "a.npz", result, labels + np.uint8(2), head)


def edits(path: Path) -> None:
    """An edited result that is offered and taken."""
    case = _case()
    read_head(path).fits(case.task, "0", {"FLAIR": "a.nii"})
    result, edited, _ = read_edits(path, case.task, case.grid, case.name)
    assert edited.shape == result.labels.shape
    result.region_sizes()


def make_prepared(folder: Path) -> None:
    """Where the scans of a prepared case came from."""
    case = _case()
    turned = Rigid.about((0, 0, 0), (0.1, 0, 0), (1, 2, 3))
    found = {
        name: Registration(turn, 0.1, 0.5, distance=1.0, spread=0.2)
        for name, turn in (("FLAIR", Rigid()), ("T1", turned))
    }
    write_transforms(folder, Transforms("FLAIR", dict.fromkeys(found, _plain(case.grid)), found))


def _plain(grid: Grid) -> Grid:
    return Grid.from_affine(grid.affine, grid.file_shape)


def restored(path: Path) -> None:
    """A result that is brought back to the grids of the scans."""
    grid = _plain(_case().grid)
    to_inputs(np.ones(grid.shape, np.uint8), grid, read_transforms(path.parent))


def reviews(path: Path) -> None:
    """The marks of results, and one more."""
    for record in Manifest(path.parent).latest().values():
        mark_of(record, read_reviews(path.parent))
        write_mark(path.parent, record, "accepted")


def cohort(path: Path) -> None:
    """The cases of a folder with what is known of them."""
    list(worker.look_job(path.parents[2] / "lists/cases.csv", load_task("brats"), path.parent))


def picked(path: Path) -> None:
    """Files with these names whose roles the user is asked for."""
    task = load_task("brats")
    names = path.read_text("utf-8", "replace").replace("\0", "\n").split("\n")
    paths = [path.parent / name for name in names if name]
    if not paths:
        raise InputError(f"{path}: no files")
    choices = Choices(paths, task)
    assert isinstance(choices.problem + choices.doubt, str)
    for index in range(len(choices.rows)):
        choices.choose(index, choices.options[index % len(choices.options)])
    if not choices.problem:
        choices.files(asked=False)
