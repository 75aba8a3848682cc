"""Where the brain is in the scans of one case."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from shaspec.errors import InputError
from shaspec.geometry import Grid
from shaspec.io.resample import resample
from shaspec.progress import Report, silent
from shaspec.registration import Rigid, Scan
from shaspec.stripping.dark import without_dark
from shaspec.stripping.scaling import VOXEL_MM, scaled

Array = npt.NDArray[Any]
Field = npt.NDArray[np.float32]
Mask = npt.NDArray[np.bool_]
Segment = Callable[[Field], Field]
"""Scaled scan (S, P, L) -> probability of the brain, same shape."""

BLUR = 0.28  # standard deviation of a slice, relative to its thickness
BRAIN_ML = (100.0, 2300.0)  # volume of what can be a brain, or a part of one in a slab
SURE = 0.5  # probability from which a voxel is brain


@dataclass(frozen=True, eq=False)
class Brain:
    """The brain of a case, in the space of the reference."""

    part: Field
    """(S, P, L) probability of the brain; one piece without holes where it is above `SURE`."""
    grid: Grid
    """The grid of ``part``."""
    overlaps: Mapping[str, float]
    """Modality -> Dice of the brain found in this scan alone with the joint one."""

    def on(self, grid: Grid) -> Mask:
        """The mask on another grid in the space of the reference.

        Args:
            grid: any grid.

        Returns:
            Mask (S, P, L) on ``grid``; False where ``part`` does not reach.
        """
        return np.asarray(resample(self.part, self.grid, grid, order=1, fill=0) > SURE)

    @property
    def ml(self) -> float:
        """Volume in mL."""
        return float(np.count_nonzero(self.part > SURE) * self.grid.voxel_ml)


def find_brain(
    scans: Mapping[str, Scan],
    poses: Mapping[str, Rigid],
    grid: Grid,
    segment: Segment,
    *,
    voxel_mm: float = VOXEL_MM,
    sharp: bool = False,
    progress: Report = silent,
) -> Brain:
    """Find the brain in the scans of a case: the mean of what is found in each of them.

    Args:
        scans: modality -> scan, with the skull.
        poses: modality -> the transform from the reference to the scan.
        grid: the grid of the reference.
        segment: finds the brain in one scan, see `shaspec.stripping.engines`.
        voxel_mm: voxel size of the scans that ``segment`` is given.
        sharp: take the surface as it is found; default: `shaspec.stripping.dark.without_dark`.
        progress: called with ``done``, ``total`` and the stage. An exception raised there cancels
            the work.

    Returns:
        The brain, on a grid of ``voxel_mm`` that covers ``grid``.

    Raises:
        InputError: if no brain is found.
    """
    coarse = _coarse(grid, voxel_mm)
    images, brains, seen = {}, {}, {}
    for number, (name, scan) in enumerate(scans.items()):
        progress(number, len(scans), f"{name}: finding the brain")
        through = poses[name].matrix
        images[name] = _thinned(scan, coarse, through)
        ones = np.ones(scan.array.shape, np.float32)
        seen[name] = resample(ones, scan.grid, coarse, order=0, fill=0, through=through)
        brains[name] = segment(scaled(images[name])) * seen[name]
    progress(len(scans), len(scans), "found the brain")
    weight = np.maximum(np.sum(list(seen.values()), axis=0), 1)
    mean = np.asarray(np.sum(list(brains.values()), axis=0) / weight, np.float32)
    part = one_piece(mean)
    joint = part > SURE
    overlaps = {name: _dice(brains[name] > SURE, joint & (seen[name] > 0)) for name in scans}
    if not sharp:
        part = one_piece(without_dark(mean, joint, images, seen, voxel_mm))
    brain = Brain(part, coarse, overlaps)
    if not BRAIN_ML[0] <= brain.ml <= BRAIN_ML[1]:
        files = ", ".join(scan.name for scan in scans.values())
        raise InputError(
            f"{files}: no brain was found to strip the skull from (what was found has "
            f"{brain.ml:.0f} mL); give its mask with --brain-mask, or keep the skull with "
            "--strip never"
        )
    return brain


def one_piece(part: Field) -> Field:
    """The largest piece above `SURE`, without bridges to other tissue and without holes.

    Args:
        part: (S, P, L) probabilities.

    Returns:
        The same, with all other voxels at most just below `SURE`, and holes 1.
    """
    mask = part > SURE
    core = ndimage.binary_erosion(mask, border_value=1)
    if core.any():
        mask &= ndimage.binary_dilation(_largest(core), iterations=3)
    mask = _largest(mask)
    filled = ndimage.binary_fill_holes(mask)
    out = np.where(filled, part, np.minimum(part, np.float32(SURE - 0.01)))
    return np.where(filled & (part <= SURE), np.float32(1), out)


def _largest(mask: Mask) -> Mask:
    """The largest connected piece of a mask."""
    pieces, number = ndimage.label(mask)
    return mask if number < 2 else np.asarray(pieces == np.bincount(pieces.flat)[1:].argmax() + 1)


def _coarse(grid: Grid, voxel_mm: float) -> Grid:
    """A grid of ``voxel_mm`` over all of ``grid``."""
    step = voxel_mm / np.array(grid.spacing)
    shape = np.ceil(np.array(grid.shape) / step).astype(int)
    return grid.blocks(np.zeros(3), step, tuple(int(n) for n in shape))


def _thinned(scan: Scan, coarse: Grid, through: Array) -> Field:
    """A scan on a coarse grid, without aliasing."""
    spacing, target = np.array(scan.grid.spacing), float(max(coarse.spacing))
    sigma = np.where(spacing < target, BLUR * target / spacing, 0)
    smooth = ndimage.gaussian_filter(scan.array.astype(np.float32), sigma, truncate=2.5)
    fill = float(smooth.min())
    return resample(smooth, scan.grid, coarse, order=1, fill=fill, through=through)


def _dice(one: Mask, other: Mask) -> float:
    both = int(np.count_nonzero(one & other))
    return 2 * both / max(int(one.sum()) + int(other.sum()), 1)
