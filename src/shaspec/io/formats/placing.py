"""The position of voxels in formats other than NIfTI, validated by the same rules."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from shaspec.errors import InputError
from shaspec.geometry import RAS_TO_LPS
from shaspec.io.header import BELIEVED_MM, Header, check_size, checked_shape, nonsense

Array = npt.NDArray[Any]

PER_UNIT = {
    **dict.fromkeys(("m", "metre", "meter", "metres", "meters"), 1000.0),
    **dict.fromkeys(("cm", "centimetre", "centimeter", "centimeters"), 10.0),
    **dict.fromkeys(("in", "inch", "inches"), 25.4),
    **dict.fromkeys(("um", "µm", "μm", "micron", "microns", "micrometer", "micrometers"), 0.001),
}
"""Millimetres per unit."""
MM = ("", "mm", "millimetre", "millimeter", "millimetres", "millimeters", "?", "???", "none")


def affine_of(directions: Array, origin: Array, to_ras: Array = RAS_TO_LPS) -> Array:
    """Voxel (i, j, k) -> RAS mm.

    Args:
        directions: (3, 3), row n is the step from one voxel to the next along axis n of the file.
        origin: (3,), the centre of voxel (0, 0, 0).
        to_ras: (4, 4), from the space of both to RAS; default: from LPS.

    Returns:
        The affine (4, 4).
    """
    affine = np.eye(4)
    affine[:3, :3] = np.asarray(directions, np.float64).T
    affine[:3, 3] = origin
    return np.asarray(to_ras @ affine)


def in_mm(affine: Array, unit: str, path: Path, notices: list[str]) -> Array:
    """Convert an affine from the unit of the file to mm if the result is plausible."""
    unit = unit.strip()
    if unit.lower() in MM:
        return affine
    factor = PER_UNIT.get(unit.lower())
    if factor is None:
        notices.append(f"{path.name} gives its lengths in an unknown unit ({unit}): read as mm")
        return affine
    edges = np.linalg.norm(affine[:3, :3], axis=0) * factor
    if not (BELIEVED_MM[0] <= edges.min() and edges.max() <= BELIEVED_MM[1]):
        notices.append(f"{path.name} gives implausible lengths in {unit}: read as mm")
        return affine
    notices.append(f"{path.name} gives its lengths in {unit}: converted to mm")
    return np.asarray(np.diag([factor, factor, factor, 1.0]) @ affine)


def no_voxel_size(path: Path) -> str:
    """The notice on a file without a voxel size."""
    return f"{path.name} has no voxel size in its header: 1 mm was assumed"


def placed_header(
    path: Path,
    sizes: Sequence[int],
    dtype: np.dtype[Any],
    affine: Array,
    *,
    offset: int = 0,
    oriented: bool = True,
    scaling: tuple[float, float] = (1.0, 0.0),
    notices: Sequence[str] = (),
) -> Header:
    """Make the header of a file of another format, validated like that of a NIfTI file.

    Args:
        path: for messages.
        sizes: voxels along (i, j, k), and the channels if there are several.
        dtype: of the voxels, with their byte order.
        affine: voxel (i, j, k) -> RAS mm (4, 4).
        offset: position in bytes of the first voxel.
        oriented: whether the file has an orientation.
        scaling: slope and intercept of the values.
        notices: notices about the file.

    Raises:
        InputError: for invalid sizes, types and positions.
    """
    written = [int(n) for n in sizes]
    shape = checked_shape(written, path, written)
    check_size(shape, dtype, path, offset)
    if not np.isfinite(scaling).all() or scaling[0] == 0:
        raise InputError(f"{path}: values are scaled by {scaling[0]:g}; export the file again")
    with np.errstate(all="ignore"):  # extreme numbers become inf or NaN, which are refused
        reason = nonsense(affine, 1.0)
    if reason:
        raise InputError(f"{path}: the position in the header {reason}; export the file again")
    slope = None if scaling == (1.0, 0.0) else scaling[0]
    return Header(shape, dtype, offset, slope, scaling[1], affine, oriented, None, tuple(notices))
