"""Read every case of a run before it starts, to tell what is wrong or doubtful about each."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from shaspec.errors import InputError, OutOfMemoryError
from shaspec.io.cases import read_case
from shaspec.models.fingerprint import Repeats
from shaspec.notices import to_judge
from shaspec.task import Task
from shaspec.training.config import TrainConfig
from shaspec.training.selection import Selection


@dataclass(frozen=True)
class Looked:
    """What reading a case before the run has found."""

    name: str
    present: tuple[str, ...]
    """Its modalities, without those whose files are empty."""
    problem: str = ""
    """Why the run cannot use it."""
    notices: tuple[str, ...] = ()
    """What is doubtful about it, e.g. a scan that is not registered, or is in two cases."""


def read_through(selection: Selection, config: TrainConfig, task: Task) -> Iterator[Looked]:
    """Read every case as in the run.

    Args:
        selection: the cases of the run.
        config: how they are read.
        task: defines the modalities and labels.

    Yields:
        What was found, case by case.
    """
    repeats, by_voxel = Repeats(), config.labels_by_voxel
    for files in selection.to_read:
        try:
            case = read_case(files, task, scheme=config.scheme, labels_by_voxel=by_voxel)
        except (InputError, OutOfMemoryError) as error:
            yield Looked(files.name, tuple(files.volumes), str(error))
        else:
            said = to_judge(filter(None, (*case.notices, repeats.notice(case))))
            yield Looked(files.name, tuple(case.volumes), notices=said)
