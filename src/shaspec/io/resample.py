"""Resample a volume to another grid: trilinear for images, nearest neighbour for labels."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import scipy

from shaspec.geometry import Grid
from shaspec.preprocessing import fill_value, near_background
from shaspec.task import Modality

Array = npt.NDArray[Any]


def voxel_map(source: Grid, target: Grid, through: Array | None = None) -> Array:
    """The matrix from voxels of one grid to voxels of another.

    Args:
        source: the grid that is sampled.
        target: the grid that is filled.
        through: (4, 4), point (L, P, S) in mm of ``target`` -> the same place of the body in
            ``source``; default: the same point.

    Returns:
        (4, 4), voxel (s, p, l) of ``target`` -> voxel of ``source``.
    """
    world = target.voxel_to_lps() if through is None else through @ target.voxel_to_lps()
    return np.asarray(np.linalg.solve(source.voxel_to_lps(), world))


def coverage(source: Grid, target: Grid, points: int = 24) -> float:
    """The fraction of ``target`` that is inside ``source``, estimated on a lattice of points."""
    axes = [np.linspace(0, n - 1, min(n, points)) for n in target.shape]
    lattice = np.stack(np.meshgrid(*axes, indexing="ij")).reshape(3, -1)
    matrix = voxel_map(source, target)
    voxels = matrix[:3, :3] @ lattice + matrix[:3, 3:]
    top = np.array(source.shape)[:, None] - 0.5
    return float(np.all((voxels >= -0.5) & (voxels <= top), axis=0).mean())


def resample(
    array: Array,
    source: Grid,
    target: Grid,
    *,
    order: int,
    fill: float,
    through: Array | None = None,
) -> Array:
    """``array`` on ``source`` -> the same on ``target``; ``fill`` where ``source`` does not reach.

    ``order`` 1 gives float32, ``order`` 0 keeps the type. ``through`` as in `voxel_map`.
    """
    if order and array.dtype != np.float32:
        array = array.astype(np.float32)
    matrix = voxel_map(source, target, through)
    return np.asarray(
        scipy.ndimage.affine_transform(
            array,
            matrix[:3, :3],
            matrix[:3, 3],
            output_shape=target.shape,
            order=order,
            mode="grid-constant",
            cval=fill,
        )
    )


def resample_scan(
    array: Array, source: Grid, target: Grid, modality: Modality, through: Array | None = None
) -> Array:
    """A scan as stored (S, P, L) on another grid, float32; outside it is background.

    ``through`` as in `voxel_map`.
    """
    near = near_background(array, modality)
    fill = fill_value(near, modality)
    return resample(near, source, target, order=1, fill=fill, through=through)
