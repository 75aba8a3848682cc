"""Cases from arrays in memory."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from shaspec.case import Case
from shaspec.errors import InputError
from shaspec.geometry import Grid
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
    """A case from arrays in memory.

    Args:
        volumes: modality -> array of real numbers: (S, P, L) or (row, column), channels first for a
            colour picture.
        task: says which modalities and labels there are.
        spacing: voxel size in mm, (S, P, L); default: 1.
        labels: label map (*spatial) in the codes of ``task``.
        name: name of the case.
        grid: shape, spacing and position in one; replaces ``spacing``.

    Returns:
        The case.

    Raises:
        InputError: for unknown modalities or labels, arrays of other shapes, constant arrays, and
            values that are not finite.
    """
    present = task.subset(volumes)
    arrays = {n: np.asarray(volumes[n]) for n in present}
    axes = "three axes (S, P, L)" if task.dims == 3 else "two axes (row, column)"
    for key, array in arrays.items():
        channels = task.modality(key).channels
        wanted = task.dims + (channels > 1)
        if array.ndim != wanted or array.dtype.kind not in "iuf":
            first = f"{channels} channels and then " if channels > 1 else ""
            raise InputError(f"{key} of {name}: an array of {first}{axes} of real numbers")
        low, high = float(array.min()), float(array.max())
        if not np.isfinite((low, high)).all() or low == high:
            raise InputError(
                f"{key} of {name} is constant or holds NaN or infinite values; leave it out"
            )
    shape = next(iter(arrays.values())).shape[-task.dims :]
    grid = grid or Grid(shape, spacing or (1.0,) * task.dims)
    if labels is not None:
        labels = np.asarray(labels)
        strange = set(label_values(labels, f"labels of {name}")) - {
            0, *(label.value for label in task.labels)
        }  # fmt: skip
        if strange:
            raise InputError(
                f"labels of {name} hold {sorted(strange)}, which task {task.name!r} does not know"
            )
        labels = labels.astype(np.uint8)
    return Case(name, task, grid, arrays, labels)
