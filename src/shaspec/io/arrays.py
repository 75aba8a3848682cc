"""Cases from arrays in memory."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt

from shaspec.case import Case
from shaspec.errors import InputError
from shaspec.geometry import Grid
from shaspec.io.findings import Scan, case_findings, findings, size_findings, told
from shaspec.io.measured import measured
from shaspec.io.schemes import label_values
from shaspec.task import Task

Array = npt.NDArray[Any]


def case_from_arrays(
    volumes: Mapping[str, Array],
    task: Task,
    *,
    spacing: tuple[float, ...] | None = None,
    labels: Array | None = None,
    name: str = "case",
    grid: Grid | None = None,
) -> Case:
    """Make a case from arrays in memory.

    Args:
        volumes: modality -> array of real numbers: (S, P, L) or (row, column), channels first for a
            colour picture. NaN is background; an array without contrast counts as absent.
        task: defines the modalities and labels.
        spacing: voxel size in mm, (S, P, L); default: 1, with a notice if the head is then too
            small.
        labels: label map (*spatial) in the codes of ``task``.
        name: name of the case.
        grid: shape, spacing and position together; replaces ``spacing``.

    Returns:
        The case.

    Raises:
        InputError: for unknown modalities or labels, mismatched shapes, infinite values, and if
            no array has any contrast.
    """
    said: list[str] = []
    arrays: dict[str, Array] = {}
    for key in task.subset(volumes):
        array = np.asarray(volumes[key])
        _check(key, array, task, name)
        checked = measured(array, task.modality(key))
        if checked.absent:
            said.append(f"{key}: {checked.absent}; it counts as missing")
            continue
        said += [f"{key}: {checked.notice}"] * bool(checked.notice)
        arrays[key] = checked.array
    if not arrays:
        raise InputError(f"{name}: no modality contains an image: {'; '.join(said)}")
    shape = next(iter(arrays.values())).shape[-task.dims :]
    assumed = grid is None and spacing is None
    grid = grid or Grid(shape, spacing or (1.0,) * task.dims)
    where = grid if task.dims == 3 else None
    if labels is not None:
        labels = _labels(np.asarray(labels), task, name)
    case = Case(name, task, grid, arrays, labels)  # refuses arrays of different shapes
    scans = [Scan(task.modality(key), array, where) for key, array in arrays.items()]
    seen = [*findings(scans), *case_findings(arrays, grid, task)]
    said += told([*seen, *(size_findings(arrays, grid, task) if assumed else ())])
    return replace(case, notices=tuple(said))


def _check(key: str, array: Array, task: Task, name: str) -> None:
    channels = task.modality(key).channels
    if array.ndim != task.dims + (channels > 1) or array.dtype.kind not in "iuf":
        axes = "three axes (S, P, L)" if task.dims == 3 else "two axes (row, column)"
        first = f"{channels} channels and then " if channels > 1 else ""
        raise InputError(
            f"{key} of {name}: is an array of {array.ndim} axes of type {array.dtype}; pass one of "
            f"{first}{axes} of real numbers"
        )
    if array.dtype.kind == "f" and np.isinf(array).any():
        raise InputError(f"{key} of {name} contains infinite values; replace them or leave it out")


def _labels(labels: Array, task: Task, name: str) -> npt.NDArray[np.uint8]:
    task_values = {0, *(label.value for label in task.labels)}
    strange = set(label_values(labels, f"labels of {name}")) - task_values
    if strange:
        raise InputError(
            f"labels of {name} contain {sorted(strange)}, which task {task.name!r} does not define"
        )
    return np.rint(labels).astype(np.uint8)
