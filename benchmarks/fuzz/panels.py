"""What reads each kind of input in the plugin: its reader, run folders and saved settings."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from unittest.mock import patch

from napari_shaspec import recent_cases, run_times
from napari_shaspec.assign import memory, question
from napari_shaspec.reader import get_reader
from napari_shaspec.train.history import read_log
from napari_shaspec.train.run_folder import stored_form
from napari_shaspec.train.state import TrainForm
from shaspec.errors import InputError
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
        memory.remembered("c1_weighted.nii.gz", task)
        memory.remember({("c1_weighted.nii.gz", ""): "FLAIR"}, task)


def dropped(path: Path) -> None:
    """The layers of a volume that is dropped on napari; a user who is asked says Cancel."""
    reader = get_reader(str(path))
    if reader is None:
        raise InputError(f"{path}: not for this plugin")
    with patch.object(question, "ask_roles", lambda *_: False):
        reader(str(path))
