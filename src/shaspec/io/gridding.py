"""All volumes of a case, and its labels, on one grid: that of one of the volumes that are present.

Which one depends on the present modalities alone, so that leaving a file out and deleting it give
the same.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from shaspec.errors import InputError, UndecidedError
from shaspec.geometry import Grid
from shaspec.io.resample import coverage, resample, voxel_map
from shaspec.io.volumes import Volume
from shaspec.preprocessing import fill_value
from shaspec.task import Modality

Array = npt.NDArray[Any]

FINEST = "finest"
COVERED = 0.99  # below this part of the grid a user is told that a volume ends early
BY_VOXEL = {"Use voxel by voxel": True}
BY_HEADER = {"Use the position of the header": False}
SAME_VOXEL = 0.45  # voxels; closer than this the nearest voxel is the one of the same index


def reference(volumes: Mapping[str, Volume], choice: str = "") -> Volume:
    """The volume whose grid a case lies on.

    ``choice`` is a modality or ``finest``; default: the first in task order whose file says how it
    lies in space. Raises `InputError` for a modality that is not there.
    """
    if choice.lower() == FINEST:
        return min(volumes.values(), key=lambda v: math.prod(v.grid.spacing))
    if choice:
        spelled = {name.lower(): name for name in volumes}
        if choice.lower() not in spelled:
            raise InputError(
                f"--grid {choice}: this modality is not there; name one of {', '.join(volumes)}, "
                f"or {FINEST}"
            )
        return volumes[spelled[choice.lower()]]
    return next((v for v in volumes.values() if v.oriented), next(iter(volumes.values())))


def on_grid(volume: Volume, first: Volume, modality: Modality, notices: list[str]) -> Array:
    """The voxels of the scan ``volume`` on the grid of ``first``; says in ``notices`` how."""
    if volume.grid.matches(first.grid):
        return volume.array
    name = modality.name
    shown = f"{name} ({volume.path.name})"
    if not volume.oriented:
        return _without_position(volume, first, name, notices)
    covered = coverage(volume.grid, first.grid)
    if covered == 0:
        raise InputError(
            f"{volume.path}: {name} does not overlap with {first.path.name}: by their headers they "
            "lie at different places; register it to the other volumes or leave it out with "
            "--present"
        )
    text = f"{shown} lies on another grid: resampled to that of {first.path.name}"
    if covered < COVERED:
        text += f", of which it covers {covered:.0%}"
    notices.append(text)
    fill = fill_value(volume.array, modality)
    return resample(volume.array, volume.grid, first.grid, order=1, fill=fill)


def truth_on_grid(
    labels: Volume,
    first: Volume,
    others: Collection[Volume],
    notices: list[str],
    by_voxel: bool | None = None,
) -> Array:
    """The label map ``labels`` on the grid of ``first``; says in ``notices`` how.

    Args:
        labels: the label map, whose array holds whole numbers.
        first: the volume whose grid is wanted.
        others: all volumes of the case; labels on the grid of one of them are where they belong.
        notices: gets a sentence for everything but an equal grid.
        by_voxel: True: voxel by voxel, whatever the header says; False: by the header; None: by
            the header where that is beyond doubt.

    Raises:
        InputError: if the header is in doubt, or labelled voxels would be lost.
    """
    if labels.grid.matches(first.grid):
        return labels.array
    same_shape = labels.grid.file_shape == first.grid.file_shape
    if by_voxel and not same_shape:
        raise InputError(
            f"{labels.path}: --labels-by-voxel needs labels of the shape of {first.path.name} "
            f"{first.grid.file_shape}, not {labels.grid.file_shape}"
        )
    if not labels.oriented and by_voxel is None:
        return _without_position(labels, first, "labels", notices)
    near = labels.grid.matches(first.grid, SAME_VOXEL)
    if by_voxel or near:
        apart = "" if near else ", though its header says another place"
        notices.append(f"labels ({labels.path.name}) taken voxel by voxel{apart}")
        return labels.array if near else _like(labels, first.grid)
    belongs = any(labels.grid.matches(other.grid) for other in others)
    if same_shape and not belongs and by_voxel is None:
        raise UndecidedError(
            f"{labels.path}: the labels have the shape of {first.path.name}, but by their header "
            "lie elsewhere",
            "if only the header is wrong, use them voxel by voxel with --labels-by-voxel, else by "
            "their header with --labels-by-header",
            "labels_by_voxel",
            BY_VOXEL | BY_HEADER,
        )
    _require_kept(labels, first)
    notices.append(
        f"labels ({labels.path.name}) lie on another grid: resampled to that of {first.path.name}"
    )
    found = resample(labels.array, labels.grid, first.grid, order=0, fill=0)
    gone = sorted({int(v) for v in np.unique(labels.array)} - {int(v) for v in np.unique(found)})
    if gone:
        raise UndecidedError(
            f"{labels.path}: nothing is left of the labels {', '.join(map(str, gone))} on the grid "
            f"of {first.path.name}",
            f"choose a finer one with --grid, e.g. --grid {FINEST}",
            "grid",
            {"Use the finest grid": FINEST},
        )
    return found


def _require_kept(labels: Volume, first: Volume) -> None:
    """Raise `InputError` if a labelled voxel has its centre outside of the grid of ``first``."""
    voxels = np.argwhere(labels.array).T
    matrix = voxel_map(first.grid, labels.grid)
    places = matrix[:3, :3] @ voxels + matrix[:3, 3:]
    top = np.array(first.grid.shape)[:, None] - 0.5
    lost = int(np.count_nonzero(~np.all((places >= -0.5) & (places <= top), axis=0)))
    if not lost:
        return
    doubt = (
        f"{labels.path}: {lost} of {voxels.shape[1]} labelled voxels lie outside of "
        f"{first.path.name}, so the truth would not be whole"
    )
    mend = "correct the header of the labels, or choose another grid with --grid"
    if labels.grid.file_shape != first.grid.file_shape:
        raise InputError(f"{doubt}; {mend}")
    mend += "; both files have the same shape: --labels-by-voxel takes them voxel by voxel"
    raise UndecidedError(doubt, mend, "labels_by_voxel", BY_VOXEL)


def _without_position(volume: Volume, first: Volume, name: str, notices: list[str]) -> Array:
    """Voxel by voxel, which needs the same shape."""
    if volume.grid.file_shape != first.grid.file_shape:
        raise InputError(
            f"{volume.path}: {name} does not say how it lies in space, and its shape "
            f"{volume.grid.file_shape} is not that of {first.path.name} {first.grid.file_shape}; "
            "export it again with its position"
        )
    notices.append(
        f"{name} ({volume.path.name}) has no position: taken voxel by voxel as {first.path.name}"
    )
    return _like(volume, first.grid)


def _like(volume: Volume, grid: Grid) -> Array:
    """The voxels of a file without a position, in the orientation of a grid of the same shape."""
    return np.ascontiguousarray(grid.from_file(volume.grid.to_file(volume.array)))
