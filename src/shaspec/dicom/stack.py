"""A label map as the slices of a DICOM series: which series it is, and where the labels lie."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt

from shaspec.dicom.series import Series, Study
from shaspec.errors import InputError, UndecidedError
from shaspec.geometry import Grid
from shaspec.io.resample import resample
from shaspec.io.volumes import Volume
from shaspec.task import Label, Task

CHANGED = 0.05  # part of the volume of a label, above which a notice says how much it changed


def choose_series(grid: Grid, study: Study, wanted: str, labels: Path) -> Series:
    """The series with a number, or the only one with the grid of the labels; else `InputError`."""
    usable = [series for series in study.series if series.placement is not None]
    if wanted:
        chosen = next((series for series in study.series if series.key == wanted), None)
        if chosen is None:
            numbers = ", ".join(series.key for series in study.series)
            raise InputError(f"--series {wanted}: the study has the series {numbers}")
        if chosen.placement is None:
            raise InputError(f"{chosen.title}: {chosen.problem}")
        return chosen
    same = [series for series in usable if grid_of(series).matches(grid)]
    if len(same) == 1:
        return same[0]
    which = "no series has" if not same else "several series have"
    listed = ", ".join(series.title for series in same or usable)
    raise UndecidedError(
        f"{labels}: {which} the grid of these labels",
        "name the series on which they were made, e.g. the reference of shaspec prepare, with "
        f"--series: {listed}",
        "series",
        {series.title: series.key for series in same or usable},
    )


def on_series(
    volume: Volume,
    array: npt.NDArray[np.uint8],
    series: Series,
    task: Task,
    labels: Path,
    through: npt.NDArray[np.float64] | None = None,
) -> tuple[npt.NDArray[np.uint8], list[str]]:
    """The labels as slices of a series, and notices.

    Args:
        volume: the label map as read, for its grid.
        array: its labels in the codes of the task, (S, P, L).
        series: where they are to lie.
        task: names the labels.
        labels: the file, for messages.
        through: (4, 4), point (L, P, S) in mm of the series -> the same place of the body in the
            space of the labels; default: the same point.

    Returns:
        Array (slices, rows, columns), the slices along their normal.

    Raises:
        InputError: if there are no labels, they lie outside of the series, or one is lost.
    """
    if not array.any():
        raise InputError(f"{labels}: has no labels, so there is nothing to write")
    grid = grid_of(series)
    if through is None and volume.grid.matches(grid):
        return _stack(grid, array), []
    moved = np.asarray(
        resample(array, volume.grid, grid, order=0, fill=0, through=through), np.uint8
    )
    told = [f"the labels were resampled to the grid of {series.title} (nearest neighbour)"]
    outside = _outside(volume.grid, array, grid, through)
    if outside:
        told.append(f"{outside:.1%} of the labels lie outside of {series.title}")
    for value in map(int, np.unique(array[array > 0])):
        name = label_of(task, value).name
        before = np.count_nonzero(array == value) * volume.grid.voxel_ml
        after = np.count_nonzero(moved == value) * grid.voxel_ml
        if after == 0:
            raise InputError(
                f"{labels}: {name} ({before:.1f} mL) is lost on the grid of {series.title}; choose "
                "another series with --series"
            )
        if abs(after - before) > CHANGED * before:
            told.append(f"{name}: {before:.1f} mL before, {after:.1f} mL on the series")
    return _stack(grid, moved), told


def grid_of(series: Series) -> Grid:
    """The grid of a series that is one volume."""
    assert series.placement is not None
    return Grid.from_affine(series.placement.affine, series.placement.shape)


def _stack(grid: Grid, array: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
    """(S, P, L) -> (slice, row, column) of the series."""
    return np.ascontiguousarray(grid.to_file(array).transpose(2, 1, 0))


def _outside(
    own: Grid, array: npt.NDArray[np.uint8], grid: Grid, through: npt.NDArray[np.float64] | None
) -> float:
    """The part of the labels whose voxels have their centre outside of a grid."""
    places = own.world(np.argwhere(array).T)
    matrix = grid.voxel_to_lps() if through is None else through @ grid.voxel_to_lps()
    voxels = np.linalg.solve(matrix[:3, :3], places - matrix[:3, 3:])
    ends = np.array(grid.shape)[:, None] - 0.5
    return float(np.mean(((voxels < -0.5) | (voxels > ends)).any(axis=0)))


def label_of(task: Task, value: int) -> Label:
    """The label of a task with a value that it has."""
    return next(label for label in task.labels if label.value == value)
