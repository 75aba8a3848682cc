"""The label map of a case in the codes of its task, and how it was read."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from shaspec.files.reading import resolved
from shaspec.io.case_files import CaseFiles
from shaspec.io.label_names import described_scheme
from shaspec.io.model_results import automatic_notice
from shaspec.io.region_masks import masks_notice
from shaspec.io.schemes import to_task_labels
from shaspec.task import Task

Array = npt.NDArray[Any]

FOLDERS = 3  # above a label file, whose names may name its label convention


def task_labels(
    array: Array,
    limits: tuple[float, float],
    files: CaseFiles,
    task: Task,
    scheme: str | None,
) -> tuple[npt.NDArray[np.uint8], tuple[str, ...]]:
    """The label map in the codes of the task, and notices: the convention used, and doubts.

    ``limits`` are the smallest and largest value of ``array``.
    """
    assert files.labels
    empty = "" if any(limits) else f"{files.labels.name} is empty: no voxel is labelled"
    if files.masks:
        combined = tuple(filter(None, (masks_notice(files.masks), empty)))
        return array.astype(np.uint8, copy=False), combined
    described = None if scheme else described_scheme(files.labels, task)
    hints = label_hints(files)
    labels, reading = to_task_labels(array, task, str(files.labels), hints, scheme, described)
    said = (reading.notice, automatic_notice(files.labels), empty)
    return labels, tuple(filter(None, said))


def label_hints(files: CaseFiles) -> list[str]:
    """Names that may name the label convention, the nearest first."""
    if files.labels is None:
        return []
    folders = [folder.name for folder in resolved(files.labels).parents[:FOLDERS]]
    others = [other.name for other in files.volumes.values()]
    return [files.labels.name, *folders[:1], files.name, *folders[1:], *others]
