"""The Python interface: read a case. No torch, so that clients of a server can do without."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from shaspec.case import Case
from shaspec.io import cases
from shaspec.io.given_files import Source
from shaspec.task import Task, load_task

if TYPE_CHECKING:
    from shaspec.models.weights import Model


def read_case(source: Source, task: Task | str | Path | Model = "brats", **options: Any) -> Case:
    """Read a case from files.

    Args:
        source: a case folder, a 4D file, a list of files, or ``{modality: file}``.
        task: a task, the name of a bundled task, the path of a task file, or a model, whose task
            is used.
        options: keyword options of `shaspec.io.read_case`, e.g. ``scheme`` or ``with_labels``.

    Returns:
        The case, all volumes on one grid.

    Raises:
        InputError: if files cannot be read or assigned to modalities; the message names the file.
    """
    if isinstance(task, str | Path):
        task = load_task(task)
    return cases.read_case(source, task if isinstance(task, Task) else task.card.task, **options)
