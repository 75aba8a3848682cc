"""From the space of a prepared case back to that of one of its series."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from shaspec.dicom.roles import propose
from shaspec.dicom.series import Series, Study
from shaspec.dicom.stack import grid_of
from shaspec.errors import InputError, UndecidedError
from shaspec.files.reading import is_file, resolved
from shaspec.geometry import Grid
from shaspec.task import Task

if TYPE_CHECKING:
    from shaspec.preparation import Transforms

TRANSFORMS = "transforms.json"  # in the folder of a prepared case


@dataclass(frozen=True)
class Prepared:
    """The prepared case to which labels belong."""

    folder: Path
    modality: str = ""
    """What the series is; default: found out."""


def beside(labels: Path) -> Prepared | None:
    """The prepared case in whose folder the labels are; None: in no such folder."""
    folder = resolved(labels).parent
    return Prepared(folder) if is_file(folder / TRANSFORMS) else None


def way_back(
    prepared: Prepared, grid: Grid, series: Series, study: Study, task: Task, labels: Path
) -> npt.NDArray[np.float64] | None:
    """How to get from a series to the space of the labels of a prepared case.

    Args:
        prepared: the case.
        grid: of the labels.
        series: on which the labels are to lie.
        study: of the series.
        task: its modalities.
        labels: the file, for messages.

    Returns:
        (4, 4), point (L, P, S) in mm of the series -> the same place of the head in the reference;
        None: the series is the reference, or was not moved.

    Raises:
        InputError: if the labels are not of this case, or the series is not one of its inputs.
        UndecidedError: if it can be one of several inputs, which were moved differently.
    """
    from shaspec.preparation import read_transforms  # with it comes scipy

    transforms = read_transforms(prepared.folder)
    _require_own(transforms, grid, labels, prepared.folder)
    own = grid_of(series)
    fitting = [name for name, each in transforms.grids.items() if each.matches(own)]
    if prepared.modality:
        fitting = [name for name in fitting if name == prepared.modality]
    if not fitting:
        modality_text = f" {prepared.modality}" if prepared.modality else ""
        raise InputError(
            f"{prepared.folder}: {series.title} is not an input{modality_text} of this prepared "
            "case: none has its grid; choose another series with --series"
        )
    inverse = {name: transforms.found[name].transform.inverse.matrix for name in fitting}
    name = fitting[0]
    if not all(np.allclose(matrix, inverse[name]) for matrix in inverse.values()):
        name = _role(series, study, task, inverse)
    return None if transforms.unmoved(name) else inverse[name]


def _role(
    series: Series, study: Study, task: Task, fitting: Mapping[str, npt.NDArray[np.float64]]
) -> str:
    """The modality of a series among those with its grid."""
    role = next((p.role for p in propose(study, task) if p.series is series), "")
    if role in fitting:
        return role
    raise UndecidedError(
        f"{series.title} has the grid of {', '.join(fitting)}, which were moved differently",
        f"say which it is, e.g. --modality {next(iter(fitting))}",
        "modality",
        {f"it is {name}": name for name in fitting},
    )


def _require_own(transforms: Transforms, grid: Grid, labels: Path, folder: Path) -> None:
    """Raise `InputError` if no scan of the prepared case has the grid of the labels."""
    unmoved = [n for n in transforms.grids if transforms.unmoved(n)]
    if not any(transforms.grids[n].matches(grid) for n in {transforms.reference, *unmoved}):
        raise InputError(
            f"{labels}: lies on another grid than the prepared case {folder}; segment that case, "
            "or give the labels from another folder"
        )
