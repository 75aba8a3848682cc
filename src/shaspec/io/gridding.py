"""Resample all volumes of a case, and its labels, to the grid of one of the present volumes.

The choice depends on the present modalities only, so that excluding a file with ``--present`` and
deleting it give the same result.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from shaspec.errors import InputError, UndecidedError
from shaspec.geometry import Grid
from shaspec.io.resample import coverage, resample, resample_scan, voxel_map
from shaspec.io.volumes import Volume
from shaspec.task import Modality

Array = npt.NDArray[Any]

FINEST = "finest"
COVERED = 0.99  # fraction of the grid below which a notice reports the coverage
OVERLAP = 0.25  # fraction of the smaller field of view that must overlap
LEAST = 0.005  # fraction of the grid that a scan must cover; less is a wrong voxel size
BY_VOXEL = {"Use voxel by voxel": True}
BY_HEADER = {"Use the position of the header": False}
SAME_MM = 1e-3  # of the elements of two affines
SAME_VOXEL = 0.45  # voxels; below this the nearest voxel has the same index


def reference(volumes: Mapping[str, Volume], choice: str = "", option: str = "--grid") -> Volume:
    """The volume whose grid is used for the case.

    ``choice`` is a modality or ``finest``; default: the first in task order whose file has an
    orientation. Raises `InputError` for a modality that is not present; its message names
    ``option``.
    """
    if choice.lower() == FINEST:
        return min(volumes.values(), key=lambda v: math.prod(v.grid.spacing))
    if choice:
        spelled = {name.lower(): name for name in volumes}
        if choice.lower() not in spelled:
            raise InputError(
                f"{option} {choice}: this modality is missing; choose one of {', '.join(volumes)}, "
                f"or {FINEST}"
            )
        return volumes[spelled[choice.lower()]]
    return next((v for v in volumes.values() if v.oriented), next(iter(volumes.values())))


def on_grid(volume: Volume, first: Volume, modality: Modality, notices: list[str]) -> Array:
    """The scan ``volume`` on the grid of ``first``; appends to ``notices`` how it got there."""
    if volume.grid.matches(first.grid):
        return volume.array
    name = modality.name
    shown = f"{name} ({volume.path.name})"
    if not volume.oriented:
        return _without_position(volume, first, name, notices)
    covered = coverage(volume.grid, first.grid)
    if covered < LEAST or max(covered, coverage(first.grid, volume.grid)) < OVERLAP:
        raise InputError(
            f"{volume.path}: {name} and {first.path.name} hardly overlap according to their "
            "headers; register them with shaspec prepare, or leave it out with --present"
        )
    text = f"{shown} has another grid: resampled to the grid of {first.path.name}"
    if covered < COVERED:
        text += f"; it covers {covered:.0%} of it"
    notices.append(text)
    return resample_scan(volume.array, volume.grid, first.grid, modality)


def truth_on_grid(
    labels: Volume,
    first: Volume,
    others: Collection[Volume],
    notices: list[str],
    by_voxel: bool | None = None,
) -> Array:
    """The label map ``labels`` on the grid of ``first``; appends to ``notices`` how it got there.

    Args:
        labels: the label map, an array of whole numbers.
        first: the volume with the target grid.
        others: all volumes of the case; labels on the grid of one of them are in place.
        notices: receives a sentence unless the grids are equal.
        by_voxel: True: use voxel indices and ignore the header; False: use the header; None: use
            the header if it is consistent.

    Raises:
        InputError: if the header is doubtful, or labelled voxels would be lost.
    """
    if labels.grid.matches(first.grid):
        return labels.array
    same_shape = labels.grid.file_shape == first.grid.file_shape
    if by_voxel and not same_shape:
        raise InputError(
            f"{labels.path}: --labels-by-voxel requires labels with the shape of {first.path.name} "
            f"{first.grid.file_shape}, not {labels.grid.file_shape}"
        )
    if not labels.oriented and by_voxel is None:
        return _without_position(labels, first, "labels", notices)
    near = labels.grid.matches(first.grid, SAME_VOXEL)
    if by_voxel or near:
        apart = "" if near else "; the position in its header was ignored"
        notices.append(f"labels ({labels.path.name}) taken voxel by voxel{apart}")
        return labels.array if near else _like(labels, first.grid)
    belongs = any(labels.grid.matches(other.grid) for other in others)
    if same_shape and not belongs and by_voxel is None:
        raise UndecidedError(
            f"{labels.path}: the labels have the shape of {first.path.name}, but another position "
            "in their header",
            "if the header is wrong, use the voxel indices with --labels-by-voxel, otherwise use "
            "the header with --labels-by-header",
            "labels_by_voxel",
            BY_VOXEL | BY_HEADER,
        )
    if by_voxel is None and not belongs:
        _require_own_origin(labels, (first, *others))
    _require_kept(labels, first)
    notices.append(
        f"labels ({labels.path.name}) have another grid: resampled to that of {first.path.name}"
    )
    resampled = resample(labels.array, labels.grid, first.grid, order=0, fill=0)
    gone = sorted(
        {int(v) for v in np.unique(labels.array)} - {int(v) for v in np.unique(resampled)}
    )
    if gone:
        raise UndecidedError(
            f"{labels.path}: no voxel of the labels {', '.join(map(str, gone))} remains on the "
            f"grid of {first.path.name}",
            f"choose a finer one with --grid, e.g. --grid {FINEST}",
            "grid",
            {"Use the finest grid": FINEST},
        )
    return resampled


def _require_own_origin(labels: Volume, scans: Collection[Volume]) -> None:
    """Raise `UndecidedError` if labels of another shape have the affine of a scan.

    A program that crops an array and writes it with the header of the scan leaves them so.
    """
    for scan in scans:
        same = np.allclose(labels.grid.affine, scan.grid.affine, rtol=0, atol=SAME_MM)
        if same and labels.grid.file_shape != scan.grid.file_shape:
            shapes = (" x ".join(map(str, v.grid.file_shape)) for v in (labels, scan))
            raise UndecidedError(
                f"{labels.path}: the labels have another shape than {scan.path.name} "
                f"({' and '.join(shapes)} voxels), but the same origin in their header, so they "
                "may have been cropped under the header of the scan",
                "correct their origin, or use their header as it is with --labels-by-header",
                "labels_by_voxel",
                BY_HEADER,
            )


def _require_kept(labels: Volume, first: Volume) -> None:
    """Raise `InputError` if the centre of a labelled voxel is outside the grid of ``first``."""
    voxels = np.argwhere(labels.array).T
    matrix = voxel_map(first.grid, labels.grid)
    places = matrix[:3, :3] @ voxels + matrix[:3, 3:]
    top = np.array(first.grid.shape)[:, None] - 0.5
    lost = int(np.count_nonzero(~np.all((places >= -0.5) & (places <= top), axis=0)))
    if not lost:
        return
    doubt = (
        f"{labels.path}: {lost} of {voxels.shape[1]} labelled voxels are outside "
        f"{first.path.name} and would be lost"
    )
    remedy = "correct the header of the labels, or choose another grid with --grid"
    if labels.grid.file_shape != first.grid.file_shape:
        raise InputError(f"{doubt}; {remedy}")
    remedy += "; both files have the same shape: --labels-by-voxel uses the voxel indices"
    raise UndecidedError(doubt, remedy, "labels_by_voxel", BY_VOXEL)


def _without_position(volume: Volume, first: Volume, name: str, notices: list[str]) -> Array:
    """Use the voxel indices, which requires the same shape."""
    if volume.grid.file_shape != first.grid.file_shape:
        raise InputError(
            f"{volume.path}: {name} has no position in its header, and its shape "
            f"{volume.grid.file_shape} is not that of {first.path.name} {first.grid.file_shape}; "
            "export it again with its position"
        )
    notices.append(
        f"{name} ({volume.path.name}) has no position in its header: that of {first.path.name} was "
        "used"
    )
    return _like(volume, first.grid)


def _like(volume: Volume, grid: Grid) -> Array:
    """The voxels of a file without a position, in the orientation of a grid of the same shape."""
    return np.ascontiguousarray(grid.from_file(volume.grid.to_file(volume.array)))
