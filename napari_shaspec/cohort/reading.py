"""Reads the label map of a result in a worker."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy.typing as npt

from shaspec.geometry import Grid
from shaspec.task import Task


def read_labels(path: Path, task: Task) -> tuple[npt.NDArray[Any], Grid]:
    """The label map of a result, and its grid."""
    from shaspec.io.images import read_label_image
    from shaspec.io.volumes import read_volume

    if task.dims == 2:
        picture = read_label_image(path)
        return picture, Grid(picture.shape, (1.0,) * picture.ndim)
    volume = read_volume(path)
    return volume.array, volume.grid
