"""Shape and affine of the volume that a series stores, or the reason why it stores none."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from shaspec.dicom.header import Header
from shaspec.errors import InputError

Array = npt.NDArray[np.float64]

LEAST_SLICES = 3
SPACING = (0.05, 20.0)
"""Plausible distances of voxels in mm."""
SAME_AXES = 2e-3
"""Largest difference of direction cosines within a series."""
UNEVEN = 0.05
"""Largest deviation of a slice from its place, as a part of the slice distance."""
OBLIQUE = np.cos(np.deg2rad(5))
PLANES = ("sagittal", "coronal", "axial")


@dataclass(frozen=True, eq=False)
class Placement:
    """A volume in the world: column, row and slice index."""

    shape: tuple[int, int, int]
    affine: Array
    """(4, 4), from column, row and slice index to RAS in mm."""

    def corners(self) -> Array:
        """The centres of the eight corner voxels, (8, 3), RAS in mm."""
        return corners(self.shape, self.affine)


def corners(shape: Sequence[int], affine: Array) -> Array:
    """The centres of the eight corner voxels of a volume, (8, 3)."""
    ends = np.array(np.meshgrid(*((0, size - 1) for size in shape), indexing="ij"))
    return np.asarray(ends.reshape(3, 8).T @ affine[:3, :3].T + affine[:3, 3])


def orientation(headers: Sequence[Header]) -> str:
    """The plane of the slices, e.g. ``axial`` or ``oblique coronal``; empty if it is unknown."""
    axes = np.concatenate([header.axes for header in headers])
    if not np.isfinite(axes).all():
        return ""
    if np.ptp(axes, axis=0).max() > SAME_AXES:
        return "mixed"
    normal = np.abs(_normal(axes[0]))
    plane = PLANES[int(np.argmax(normal))]
    return plane if normal.max() >= OBLIQUE else f"oblique {plane}"


def place(headers: Sequence[Header]) -> Placement:
    """The volume of a series (DICOM PS3.3, C.7.6.2.1.1).

    Args:
        headers: of all files of one series.

    Returns:
        Its shape and affine; the slices are sorted along their normal.

    Raises:
        InputError: if the images are not the slices of one volume, without the name of the series.
    """
    shapes = {header.shape for header in headers}
    spacings = np.array([header.spacing for header in headers])
    positions = np.concatenate([header.positions for header in headers])
    axes = np.concatenate([header.axes for header in headers])
    if len(shapes) > 1 or (np.isfinite(spacings).all() and np.ptp(spacings, axis=0).max() > 1e-3):
        raise InputError("its images differ in size or voxel spacing")
    if not (
        np.isfinite(positions).all() and np.isfinite(axes).all() and np.isfinite(spacings).all()
    ):
        raise InputError("its headers have no position, orientation or voxel spacing")
    if np.ptp(axes, axis=0).max() > SAME_AXES:
        raise InputError("its slices have different orientations")
    if len(positions) < LEAST_SLICES:
        count = "1 slice" if len(positions) == 1 else f"{len(positions)} slices"
        raise InputError(f"has {count}; a volume needs at least {LEAST_SLICES}")
    right, down = axes[0, :3], axes[0, 3:]
    units = np.linalg.norm([right, down], axis=1)
    if np.abs(units - 1).max() > 1e-2 or abs(right @ down) > 1e-2:
        raise InputError("its direction cosines are not perpendicular unit vectors")
    normal = _normal(axes[0])
    first, step = _stack(positions, normal)
    between_rows, between_columns = spacings[0]
    for length in (between_rows, between_columns, step):
        if not SPACING[0] <= length <= SPACING[1]:
            raise InputError(f"its voxel spacing of {length:g} mm is not plausible")
    matrix = np.eye(4)
    matrix[:3, :3] = np.stack([right * between_columns, down * between_rows, normal * step], axis=1)
    matrix[:3, 3] = first
    rows, columns = shapes.pop()
    return Placement((columns, rows, len(positions)), np.diag([-1.0, -1.0, 1.0, 1.0]) @ matrix)


def _normal(axes: Array) -> Array:
    return np.cross(axes[:3], axes[3:])


def _stack(positions: Array, normal: Array) -> tuple[Array, float]:
    """Position of the first slice and the distance of slices; raises `InputError` if uneven."""
    along = positions @ normal
    order = np.argsort(along)
    positions, along = positions[order], along[order]
    gaps = np.diff(along)
    step = float(np.median(gaps))
    if step < SPACING[0] or gaps.min() < 0.5 * step:
        raise InputError(
            "has several images at one position: echoes, b-values, time points, or an image twice"
        )
    wide = np.flatnonzero(gaps > 1.5 * step)
    if len(wide):
        count = int(np.rint(gaps[wide] / step - 1).sum())
        missing = "1 slice is missing," if count == 1 else f"{count} slices are missing, the first"
        raise InputError(
            f"{missing} after slice {wide[0] + 1} of {len(along)}; export the series again"
        )
    ideal = np.linspace(along[0], along[-1], len(along))
    if np.abs(along - ideal).max() > max(UNEVEN * step, 0.02):
        raise InputError("the distances of its slices are uneven")
    step = float((along[-1] - along[0]) / (len(along) - 1))
    shift = positions - positions[0] - np.outer(along - along[0], normal)
    if np.linalg.norm(shift, axis=1).max() > 0.1:
        raise InputError(
            "its slices are shifted against each other (gantry tilt); resample it with the "
            "software of the scanner"
        )
    return positions[0], step
