"""One resolution of two scans: points of the fixed scan, and a smoothed moving scan."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from shaspec.errors import InputError
from shaspec.geometry import Grid
from shaspec.preprocessing import background, foreground
from shaspec.registration.agreement import Agreement

Array = npt.NDArray[Any]

BRIGHTEST = 99.8  # percentile of the foreground above which intensities are cut off
MARGIN_MM = 12.0  # around the head: its outline says much about where it lies
FEWEST_VOXELS = 500  # of the foreground


@dataclass(frozen=True, eq=False)
class Scan:
    """One volume in space.

    Raises:
        InputError: if there is nothing but background.
    """

    array: Array
    """(S, P, L), as stored."""
    grid: Grid
    """Where the voxels lie."""
    name: str = "the scan"
    """For messages."""

    def __post_init__(self) -> None:
        if np.count_nonzero(self.inside) < FEWEST_VOXELS:
            raise InputError(f"{self.name}: shows too little to be registered; leave it out")

    @cached_property
    def inside(self) -> npt.NDArray[np.bool_]:
        """Mask (S, P, L) of the foreground."""
        return foreground(self.array, background(self.array))


@dataclass(frozen=True, eq=False)
class Smooth:
    """A scan with intensities from 0 (background) to 1, smoothed for voxels of a given size."""

    array: npt.NDArray[np.float32]
    """(S, P, L) on a thinned grid."""
    to_world: npt.NDArray[np.float64]
    """(4, 4), voxel -> (L, P, S) in mm."""
    inside: npt.NDArray[np.bool_]
    """(S, P, L), where the head is."""
    spacing: npt.NDArray[np.float64]
    """(3,) in mm."""

    @classmethod
    def of(cls, scan: Scan, size: float) -> Smooth:
        """``scan`` with voxels of about ``size`` mm; axes with larger voxels stay as they are."""
        inside = scan.inside
        values = scan.array[inside].astype(np.float32)
        low, high = float(values.min()), float(np.percentile(values, BRIGHTEST))
        flat = np.zeros(scan.array.shape, np.float32)
        # The darkest tissue lies above the background, as a stripped head has it.
        flat[inside] = 0.1 + 0.9 * np.clip((values - low) / max(high - low, 1e-9), 0, 1)
        spacing = np.array(scan.grid.spacing)
        steps = np.maximum(1, np.rint(size / spacing)).astype(int)
        steps = np.minimum(steps, np.maximum(1, np.array(flat.shape) // 8))
        blocks = np.array(flat.shape) // steps
        cut = flat[tuple(map(slice, blocks * steps))]
        shape = np.stack([blocks, steps], axis=1).ravel()
        small: Array = cut.reshape(shape).mean(axis=(1, 3, 5))
        # Blocks are box filters; a narrow Gaussian on top removes what they alias.
        small = ndimage.gaussian_filter(small, np.where(steps > 1, 0.5, 0.0))
        to_block = np.eye(4)
        to_block[:3, :3], to_block[:3, 3] = np.diag(steps), (steps - 1) / 2
        to_world = scan.grid.voxel_to_lps() @ to_block
        return cls(small.astype(np.float32), to_world, small > 0.05, spacing * steps)

    @property
    def centre(self) -> npt.NDArray[np.float64]:
        """(3,) the middle of the head in mm."""
        voxels = np.argwhere(self.inside).mean(axis=0)
        return np.asarray(self.to_world[:3, :3] @ voxels + self.to_world[:3, 3])

    def points(self, most: int, seed: int) -> tuple[Array, Array]:
        """Random points in and around the head, (3, n) in mm, and the intensities (n,) there.

        Points lie between voxel centres: on the lattice itself, a measure prefers transforms that
        bring two lattices together.
        """
        rounds = max(1, round(MARGIN_MM / float(self.spacing.min())))
        region = ndimage.binary_dilation(self.inside, iterations=rounds)
        voxels = np.argwhere(region)
        random = np.random.default_rng(seed)
        chosen = random.choice(len(voxels), min(most, len(voxels)), replace=False)
        places = voxels[chosen].T + random.uniform(-0.5, 0.5, (3, len(chosen)))
        places = np.clip(places, 0, np.array(self.array.shape)[:, None] - 1)
        values = ndimage.map_coordinates(self.array, places, order=1, mode="nearest")
        return self.to_world[:3, :3] @ places + self.to_world[:3, 3:], values


def agreement(fixed: Smooth, moving: Smooth, most: int, seed: int = 0) -> Agreement:
    """Agreement of two scans at up to ``most`` random points of ``fixed``."""
    points, values = fixed.points(most, seed)
    to_voxel = np.asarray(np.linalg.inv(moving.to_world), np.float64)
    return Agreement(points, values, moving.array, to_voxel)
