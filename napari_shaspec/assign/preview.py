"""A small picture of a file and its size, for the assignment dialog. Slow: made in a worker."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import groupby
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import scipy

from napari_shaspec.layers.layer_data import contrast_limits
from shaspec.errors import InputError
from shaspec.io import Volume, read_channels, read_image
from shaspec.io.formats.table import is_volume
from shaspec.io.images import is_image
from shaspec.io.roles import FileRole
from shaspec.io.segmentation_nrrd import is_segmentation
from shaspec.io.truth_file import read_truth

Picture = npt.NDArray[np.uint8]
SIDE = 64  # pixels of the longer side


@dataclass(frozen=True, eq=False)
class Preview:
    """What the dialog shows of one file."""

    path: Path
    size: str
    """Number of voxels and their size, or why the file cannot be read."""
    picture: Picture | None = None
    """(row, column); None: there is nothing to see."""
    grid: Any = None
    """The `shaspec.geometry.Grid` of a volume; None: a picture."""
    channel: int | None = None
    """For a 4D file: the channel that is shown."""

    @property
    def place(self) -> tuple[Path, int | None]:
        """As `shaspec.io.roles.FileRole.place`."""
        return self.path, self.channel


def previews(files: Iterable[FileRole]) -> Iterator[Preview]:
    """Makes the previews one by one; a 4D file is read once."""
    for path, rows in groupby(files, lambda file: file.path):
        channels = [row.channel for row in rows]
        if channels == [None]:
            yield preview(path)
        else:
            yield from _of_channels(path, [k for k in channels if k is not None])


def preview(path: Path) -> Preview:
    """The preview of one file."""
    try:
        if is_volume(path) or is_segmentation(path):
            return _of_volume(read_truth(path))
        if is_image(path):
            array = read_image(path)
            rows, columns = array.shape
            return Preview(path, f"{columns} × {rows} pixels", small_picture(array, (1.0, 1.0)))
    except InputError as error:
        return Preview(path, f"cannot be read: {error}")
    return Preview(path, "sound")


def _of_channels(path: Path, channels: list[int]) -> Iterator[Preview]:
    try:
        volumes = read_channels(path)
    except InputError as error:
        yield from (Preview(path, f"cannot be read: {error}", channel=k) for k in channels)
        return
    for k in channels:
        yield replace(_of_volume(volumes[k]), channel=k)


def _of_volume(volume: Volume) -> Preview:
    grid = volume.grid
    voxels = " × ".join(str(n) for n in grid.shape[::-1])
    spacing = " × ".join(f"{mm:.3g}" for mm in grid.spacing[::-1])
    middle = volume.array[_slice(volume.array)]
    picture = small_picture(middle, (grid.spacing[1], grid.spacing[2]))
    return Preview(volume.path, f"{voxels}\n{spacing} mm", picture, grid)


def _slice(array: npt.NDArray[Any]) -> int:
    """The middle axial slice; of a label map without anything there, the fullest one."""
    middle = array.shape[0] // 2
    if array[middle].any() or not array.any():
        return middle
    return int(np.count_nonzero(array, axis=(1, 2)).argmax())


def small_picture(plane: npt.NDArray[Any], spacing: tuple[float, float]) -> Picture:
    """``plane`` (row, column) in grey, with square pixels; ``spacing``: of rows and columns."""
    low, high = contrast_limits(plane)
    grey = np.clip((plane.astype(np.float32) - low) / (high - low), 0, 1) * 255
    size = np.array(plane.shape) * spacing
    zoom = SIDE / size.max() * np.array(spacing)
    return np.asarray(scipy.ndimage.zoom(np.nan_to_num(grey), zoom, order=1), np.uint8)
