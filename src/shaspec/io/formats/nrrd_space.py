"""The position of the voxels of a NRRD file: its ``space``, directions, origin and units."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from shaspec.errors import InputError
from shaspec.geometry import RAS_TO_LPS
from shaspec.io.formats.placing import affine_of, in_mm, no_voxel_size

Array = npt.NDArray[Any]

RAS = np.eye(4)
LAS = np.diag([-1.0, 1.0, 1.0, 1.0])
PATIENT = {
    **dict.fromkeys(("left-posterior-superior", "lps"), RAS_TO_LPS),
    **dict.fromkeys(("right-anterior-superior", "ras"), RAS),
    **dict.fromkeys(("left-anterior-superior", "las"), LAS),
}
SCANNER = "scanner-xyz"
"""LPS of a patient in supine position, head first (NRRD specification)."""
RIGHT_HANDED = "3d-right-handed"


@dataclass(frozen=True)
class Place:
    """The position of the axes of a NRRD file."""

    affine: Array
    """Voxel (i, j, k) -> RAS mm (4, 4)."""
    list_axis: int | None
    """The axis that is not spatial, or None."""
    oriented: bool
    notices: tuple[str, ...]


def place_of(fields: Mapping[str, Any], dims: int, path: Path) -> Place:
    """The position that the header defines.

    Args:
        fields: the header as pynrrd reads it.
        dims: number of axes of the array.
        path: for messages.

    Raises:
        InputError: if the header does not have three spatial axes, or has an unknown space.
    """
    notices: list[str] = []
    space = str(fields.get("space", "")).lower()
    space = space.removesuffix("-time")[: 3 if len(space) == 4 else None]  # LPST is LPS
    rows = [_in_space(row, path) for row in _directions(fields, dims)]
    axes = [n for n, row in enumerate(rows) if row is not None]
    if not _has_spacings(fields, axes):
        notices.append(no_voxel_size(path))
    if len(axes) != 3 or dims not in (3, 4):
        raise InputError(f"{path}: has {len(axes)} spatial axes, a volume needs 3; export it again")
    directions = np.array([row for row in rows if row is not None], np.float64)
    to_ras, oriented = _to_ras(space, "space directions" in fields, path, notices)
    origin = np.asarray(fields.get("space origin", np.zeros(3)), np.float64)[:3]
    if "space origin" not in fields and oriented:
        notices.append(f"{path.name} has no space origin: its first voxel was placed at 0")
    others = [n for n in range(dims) if n not in axes]
    affine = affine_of(directions, origin, to_ras)
    units = fields.get("space units") or _units(fields, axes)
    affine = in_mm(affine, str(units[0]) if len(units) else "", path, notices)
    return Place(affine, others[0] if others else None, oriented, tuple(notices))


def _directions(fields: Mapping[str, Any], dims: int) -> list[Array | None]:
    """The step along every axis; None for an axis that is not spatial."""
    if "space directions" in fields:
        rows = [np.atleast_1d(np.asarray(row, np.float64)) for row in fields["space directions"]]
        if len(rows) != dims:
            raise ValueError(f"{len(rows)} space directions for {dims} axes")
        return [None if np.isnan(row).all() else row for row in rows]
    spacings = np.asarray(fields.get("spacings", np.full(dims, np.nan)), np.float64)
    kinds = [str(kind).lower() for kind in fields.get("kinds", ())] or ["domain"] * dims
    if dims == 3:
        listing = set()
    else:
        listing = {n for n, kind in enumerate(kinds) if kind not in ("domain", "space")}
    axes = [n for n in range(dims) if n not in listing]
    steps = np.diag([float(s) if np.isfinite(s) else 1.0 for s in spacings[axes]])
    by_axis = dict(zip(axes, steps, strict=True))
    return [by_axis.get(n) for n in range(dims)]


def _has_spacings(fields: Mapping[str, Any], axes: list[int]) -> bool:
    """Whether the header has the voxel size along every spatial axis."""
    if "space directions" in fields:
        return True
    spacings = np.asarray(fields.get("spacings", ()), np.float64)
    return len(spacings) > max(axes, default=0) and bool(np.isfinite(spacings[axes]).all())


def _in_space(row: Array | None, path: Path) -> Array | None:
    """The step along an axis; None for the time axis of a four-dimensional space."""
    if row is None or len(row) == 3:
        return row
    if len(row) != 4 or (np.any(row[:3]) and row[3]):
        raise InputError(f"{path}: space and time axes are mixed; export each volume separately")
    return row[:3] if np.any(row[:3]) else None


def _units(fields: Mapping[str, Any], axes: list[int]) -> list[str]:
    units = list(fields.get("units", ()))
    return [units[n] for n in axes if n < len(units)]


def _to_ras(space: str, placed: bool, path: Path, notices: list[str]) -> tuple[Array, bool]:
    """From the space of the file to RAS, and whether the header defines an orientation."""
    if placed and space in PATIENT:
        return PATIENT[space], True
    if placed and space == SCANNER:
        notices.append(
            f"{path.name} has scanner coordinates (scanner-xyz): the patient was assumed to be "
            "supine, head first"
        )
        return RAS_TO_LPS, True
    if placed and space not in ("", RIGHT_HANDED):
        raise InputError(
            f"{path}: its space is {space}, which gives no position in the patient; save it again "
            "with space left-posterior-superior"
        )
    assumed = space if space in PATIENT else "left-posterior-superior"
    notices.append(f"{path.name} has no orientation in its header: its axes were read as {assumed}")
    return PATIENT.get(space, RAS_TO_LPS), False
