"""A file with an edited result: the labels as computed and as edited, and what they belong to.

A file is a compressed NumPy archive with three members: ``head`` (JSON), ``computed`` and
``edited``. It is written and read through the guarded functions of `shaspec.files`.
"""

from __future__ import annotations

import io
import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from pydantic import FiniteFloat, TypeAdapter
from pydantic.dataclasses import dataclass as checked

from shaspec.errors import InputError
from shaspec.files.archives import read_arrays
from shaspec.files.writing import write_atomically
from shaspec.geometry import Grid
from shaspec.prediction import Prediction
from shaspec.task import Task

VERSION = 1
DAMAGED = (ValueError, KeyError, TypeError, AttributeError, RecursionError)
LARGEST_HEAD = 16 * 1024**2
"""Bytes of `Head` as JSON."""
LARGEST = 2**27
"""Voxels that are read, if the open case has not more."""
Labels = npt.NDArray[np.uint8]


@dataclass(frozen=True)
class Head:
    """What an edited result belongs to."""

    case: str
    task: str
    subset: str
    sha256: str
    """SHA-256 of the weights of the model."""
    paths: dict[str, str]
    """Modality -> its file."""
    edits: list[str]
    saved: str
    """Date and time, e.g. ``28 Nov 2026, 14:02``."""
    provenance: dict[str, Any]
    """Provenance of the computed result."""

    def fits(self, task: Task, sha256: str, paths: Mapping[str, str]) -> bool:
        """Whether it was made from these files with this model."""
        names = self.subset.split("+")
        same = {name: paths.get(name, "") for name in names} == self.paths
        return (self.task, self.sha256) == (task.name, sha256) and same


@checked(frozen=True)
class _Place:
    """Where the grid of an edited result lies."""

    spacing: tuple[FiniteFloat, ...]
    origin: tuple[FiniteFloat, ...]

    def grid(self, shape: tuple[int, ...]) -> Grid:
        return Grid(shape, self.spacing, self.origin)


def write_edits(path: Path, result: Prediction, edited: Labels, head: Head) -> None:
    """Writes a result and its edited labels; raises `InputError` if it cannot."""
    place = {"spacing": result.grid.spacing, "origin": result.grid.origin}
    text = json.dumps({"version": VERSION, **vars(head), **place})
    data = io.BytesIO()
    np.savez_compressed(
        data,
        head=np.frombuffer(text.encode(), np.uint8),
        computed=result.labels,
        edited=edited,
    )
    write_atomically(path, data.getvalue())


def read_head(path: Path) -> Head:
    """What a file belongs to; raises `InputError` if it is not such a file."""
    return _opened(path, LARGEST_HEAD, ("head",))[0]


def read_edits(path: Path, task: Task, grid: Grid, case: str) -> tuple[Prediction, Labels, Head]:
    """The computed result, its edited labels, and what they belong to.

    Raises:
        InputError: it is not such a file, or it was not made on ``grid``.
    """
    limit = LARGEST_HEAD + 2 * max(LARGEST, math.prod(grid.shape))
    head, place, arrays = _opened(path, limit, ("head", "computed", "edited"))
    computed, edited = arrays["computed"], arrays["edited"]
    values = {0, *(label.value for label in task.labels)}
    fits = all(a.shape == grid.shape and a.dtype == np.uint8 for a in (computed, edited))
    same = len(place.spacing) == len(place.origin) == grid.dims
    if not fits or not same or not (grid.oblique or grid.matches(place.grid(grid.shape))):
        raise InputError(f"{path}: these edits are not on the grid of case {case}")
    if not set(np.unique(computed).tolist()) <= values:
        raise InputError(f"{path}: has labels that task {task.name!r} does not have")
    subset = task.parse_subset(head.subset)
    return Prediction(case, task, grid, subset, computed, head.provenance), edited, head


def _opened(
    path: Path, limit: int, names: Sequence[str]
) -> tuple[Head, _Place, dict[str, npt.NDArray[Any]]]:
    try:
        arrays = read_arrays(path, limit, names)
        content = json.loads(arrays["head"].tobytes())
        if content.pop("version") != VERSION:
            raise ValueError("it was written by another version")
        place = _Place(*(content.pop(key) for key in ("spacing", "origin")))
        return TypeAdapter(Head).validate_python(content), place, arrays
    except (*DAMAGED, InputError) as error:
        why = str(error).removeprefix(f"{path}: ").partition("\n")[0]
        raise InputError(f"{path}: cannot be read as edits ({why}); delete it") from error
