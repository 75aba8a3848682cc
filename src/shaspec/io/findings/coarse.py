"""A case on a grid of about 4 mm, which makes checks of the whole case fast."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from shaspec.geometry import Grid
from shaspec.io.findings.scan import CONTINUOUS, Array
from shaspec.preprocessing import background, foreground
from shaspec.task import Task

Mask = npt.NDArray[np.bool_]

VOXEL_MM = 4.0
MARGIN = 2  # coarse voxels between the interior and the nearest background


@dataclass(frozen=True, eq=False)
class Coarse:
    """The scans of a case on one coarse grid.

    A coarse voxel is the mean of one row of its block: enough to suppress noise, and much faster
    than the mean of the block.
    """

    task: Task
    scans: Mapping[str, npt.NDArray[np.float32]]
    """Modality -> (S, P, L); single-channel modalities only."""
    spacing: tuple[float, ...]
    """Size of a coarse voxel in mm, (S, P, L)."""
    block: int
    """Voxels of the case per coarse voxel."""
    from_file: bool
    """Whether a file gives the orientation of the arrays."""

    @classmethod
    def of(cls, volumes: Mapping[str, Array], grid: Grid, task: Task) -> Coarse:
        """Downsample the volumes of a case, all on ``grid``."""
        steps = [
            max(1, min(n, round(VOXEL_MM / mm)))
            for n, mm in zip(grid.shape, grid.spacing, strict=True)
        ]
        spacing = tuple(n * mm for n, mm in zip(steps, grid.spacing, strict=True))
        scans = {
            name: thinned(volume, steps)
            for name, volume in volumes.items()
            if volume.ndim == len(steps) and task.modality(name).normalisation in CONTINUOUS
        }
        return cls(task, scans, spacing, math.prod(steps), grid.source_affine is not None)

    @cached_property
    def foregrounds(self) -> dict[str, Mask]:
        """Modality -> foreground mask."""
        every = (slice(None, None, 2),) * 3
        return {n: foreground(scan, background(scan[every])) for n, scan in self.scans.items()}

    @cached_property
    def anywhere(self) -> Mask:
        """Where any scan has foreground."""
        return np.asarray(np.logical_or.reduce(list(self.foregrounds.values())))

    @cached_property
    def interior(self) -> Mask:
        """Where every scan has foreground, without the outermost voxels (partial volumes)."""
        every = np.logical_and.reduce(list(self.foregrounds.values()))
        inside = self.anywhere
        for _ in range(MARGIN):
            inside = _eroded(inside)
        return np.asarray(every & inside)

    @property
    def voxel_ml(self) -> float:
        """Volume of a coarse voxel."""
        return float(np.prod(self.spacing)) / 1000


def _eroded(mask: Mask) -> Mask:
    """Mask without the voxels that have a neighbour outside it along an axis."""
    out = np.zeros_like(mask)
    inner = out[1:-1, 1:-1, 1:-1]
    inner |= mask[1:-1, 1:-1, 1:-1]
    for axis in range(3):
        for start in (0, 2):
            part = [slice(1, -1)] * 3
            part[axis] = slice(start, mask.shape[axis] - 2 + start)
            inner &= mask[tuple(part)]
    return out


def thinned(volume: Array, steps: list[int], *, labelled: bool = False) -> npt.NDArray[np.float32]:
    """The mean along the last axis of the middle row of each block of ``steps`` voxels; with
    ``labelled`` the share of voxels above 0."""
    *first, last = steps
    shape = [n // step for n, step in zip(volume.shape, steps, strict=True)]
    rows = tuple(slice(s // 2, s // 2 + n * s, s) for n, s in zip(shape[:-1], first, strict=True))
    part = volume[(*rows, slice(shape[-1] * last))]
    part = (part > 0 if labelled else part).astype(np.float32)
    means = part.reshape(-1, last) @ np.full(last, 1 / last, np.float32)
    return np.asarray(means.reshape(shape))
