"""Validate NIfTI headers before voxels are read.

nibabel accepts zero dimensions, NaN in the affine and singular affines. Here a header is parsed by
nibabel and then validated; an invalid one raises an error that names the file and what to do.
"""

from __future__ import annotations

import math
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import numpy as np
import numpy.typing as npt
from nibabel.nifti1 import Nifti1Header, data_type_codes
from nibabel.nifti2 import Nifti2Header

from shaspec.errors import InputError
from shaspec.memory import free_memory

Array = npt.NDArray[Any]

BLOCK = 540  # bytes of a NIfTI-2 header; NIfTI-1 has 348
LIMIT = 2**31  # decoded bytes; a larger file is an error or a decompression bomb
LARGE = 2**28  # decoded bytes; for larger files the free memory is checked
VOXEL_MM = (0.005, 1000.0)  # plausible voxel sizes in mm
BELIEVED_MM = (0.02, 20.0)  # the same if the header gives another unit than mm
FAR_MM = 1e6  # mm; a more distant origin is invalid
APART_MM = 1.0  # mm between sform and qform that rounding can explain
DEGENERATE = 0.01  # volume of the voxel / product of its edges: below it two axes coincide
# Fields on the position of voxels; the names are the same in both NIfTI versions.
PLACE = (
    "pixdim", "xyzt_units", "qform_code", "sform_code", "quatern_b", "quatern_c", "quatern_d",
    "qoffset_x", "qoffset_y", "qoffset_z", "srow_x", "srow_y", "srow_z",
)  # fmt: skip
XFORM_CODES = range(1, 6)  # valid values of sform_code and qform_code
MM_PER_UNIT = {1: ("metres", 1000.0), 3: ("micrometres", 0.001)}  # xyzt_units; others: mm


@dataclass(frozen=True, eq=False)
class Header:
    """A validated header: everything needed to find, scale and place the voxels."""

    shape: tuple[int, ...]
    """(i, j, k), or (i, j, k, channels) if a fourth dimension is larger than one."""
    dtype: np.dtype[Any]
    offset: int
    """Position in bytes of the first voxel."""
    slope: float | None
    """None: the voxels are not scaled."""
    inter: float
    affine: Array
    """Voxel (i, j, k) -> RAS mm (4, 4), by nibabel's rule: sform, else qform, else voxel sizes."""
    oriented: bool
    """False: neither sform nor qform is set; position and orientation are unknown."""
    block: bytes | None
    """The same position as a little-endian NIfTI-1 header (348 bytes); None: not a NIfTI file."""
    notices: tuple[str, ...] = ()

    @property
    def end(self) -> int:
        """Position in bytes behind the last voxel."""
        return self.offset + math.prod(self.shape) * self.dtype.itemsize


def parse_header(data: bytes, path: Path, *, pair: bool = False) -> Header:
    """Parse and validate the header from the first bytes of a (decompressed) file.

    Args:
        data: the bytes.
        path: for messages.
        pair: whether the voxels are in a separate file (``.hdr`` and ``.img``).

    Raises:
        InputError: for an invalid header, naming the file and what to do.
    """
    raw = _header_class(data, path, pair)
    shape = _shape(raw["dim"], path)
    dtype = _dtype(int(raw["datatype"]), path).newbyteorder(raw.endianness)
    least = 0 if pair else 352 if len(raw.binaryblock) == 348 else 544
    offset = _offset(raw["vox_offset"], least, path)
    check_size(shape, dtype, path, offset)
    place = Nifti1Header(endianness="<")
    notices: list[str] = []
    with np.errstate(all="ignore"):  # extreme numbers become inf or NaN, which are refused
        for key in PLACE:
            place[key] = raw[key]
        for key in ("sform_code", "qform_code"):
            place[key] = raw[key] if int(raw[key]) in XFORM_CODES else 0
        affine, oriented = _affine(place, shape[:3], path, notices)
    slope, inter = _scaling(raw, path)
    block = place.binaryblock
    return Header(shape, dtype, offset, slope, inter, affine, oriented, block, tuple(notices))


def check_size(shape: tuple[int, ...], dtype: np.dtype[Any], path: Path, offset: int = 0) -> None:
    """Raise `InputError` for an implausibly large volume, before memory is allocated."""
    size = math.prod(shape) * dtype.itemsize + offset
    if size > LIMIT:
        raise InputError(
            f"{path}: the header announces {' x '.join(map(str, shape))} voxels of {dtype.name}, "
            "more than 2 GiB; crop or downsample the volume if that is true, else export it again"
        )
    if size > LARGE and (free := free_memory()) is not None and 2 * size > free:
        raise InputError(
            f"{path}: {' x '.join(map(str, shape))} voxels of {dtype.name} need at least "
            f"{2 * size / 1e9:.1f} GB of memory, {free / 1e9:.1f} GB are free: close other "
            "programs, or crop or downsample the volume"
        )


def _header_class(data: bytes, path: Path, pair: bool) -> Nifti1Header | Nifti2Header:
    sizes = (int.from_bytes(data[:4], "little"), int.from_bytes(data[:4], "big"))
    magic, other = (b"ni", b"n+") if pair else (b"n+", b"ni")
    if 540 in sizes and len(data) >= 540 and data[4:7] == magic + b"2":
        return Nifti2Header(data[:540], check=False)
    if 348 in sizes and len(data) >= 348 and data[344:347] == magic + b"1":
        return Nifti1Header(data[:348], check=False)
    if (348 in sizes and data[344:346] == other) or (540 in sizes and data[4:6] == other):
        raise InputError(
            f"{path}: according to its header the voxels are "
            + (
                "in this file; rename it to end in .nii"
                if pair
                else "in a second file; rename both to end in .hdr and .img"
            )
        )
    if (said := _other_content(data, path)) is not None:
        raise InputError(f"{path}: {said}")
    raise InputError(
        f"{path}: not a NIfTI file, or its header is truncated; export it again, e.g. with "
        "dcm2niix from DICOM, or with 3D Slicer or ITK-SNAP from other formats"
    )


def _other_content(data: bytes, path: Path) -> str | None:
    """What downloads leave in place of a file, and what to do; None for other content."""
    begins = data[:64].lstrip().lower()
    if not data and os.path.getsize(path) == 0:
        return "has no content (0 bytes); copy or download it again"
    if begins.startswith(b"version https://git-lfs"):
        return "is a pointer of Git LFS in place of the file; fetch it with git lfs pull"
    if begins.startswith((b"<!doctype", b"<html", b"<?xml", b"{")):
        return "is a text that a server sent in place of the file; download it again"
    return None


def _shape(dim: Array, path: Path) -> tuple[int, ...]:
    """The spatial shape, and the channels if there are more than one."""
    ndim = int(dim[0])
    sizes = [int(n) for n in dim[1 : 1 + ndim]] if 1 <= ndim <= 7 else []
    return checked_shape(sizes, path, [int(n) for n in dim])


def checked_shape(sizes: list[int], path: Path, written: list[int]) -> tuple[int, ...]:
    """(i, j, k), or (i, j, k, channels) if there are several; ``written`` is for messages.

    Raises `InputError` for other dimensions.
    """
    if not sizes or min(sizes) < 1 or max(sizes) > 32767:
        raise InputError(
            f"{path}: the header gives the dimensions {written}, which is not a volume; export the "
            "file again"
        )
    sizes = sizes[:3] + [n for n in sizes[3:] if n > 1]  # (i, j, k, 1, channels) is common in ITK
    if len(sizes) not in (3, 4):
        raise InputError(f"{path}: has {len(sizes)} dimensions; a volume needs 3")
    return tuple(sizes)


def _dtype(code: int, path: Path) -> np.dtype[Any]:
    try:
        dtype: np.dtype[Any] = np.dtype(cast(Any, data_type_codes.dtype[code]))
    except (KeyError, TypeError):
        raise InputError(f"{path}: the header has the unknown data type {code}") from None
    if dtype.kind not in "iuf" or not 1 <= dtype.itemsize <= 8:
        raise InputError(
            f"{path}: voxels are {data_type_codes.label[code]}; export one number per voxel "
            "(an integer or float type)"
        )
    return dtype


def _offset(value: Any, least: int, path: Path) -> int:
    offset = float(value)
    if offset == 0:
        return least  # "unknown", which many programs write
    if not (math.isfinite(offset) and offset == int(offset) and least <= offset <= LIMIT):
        raise InputError(f"{path}: invalid voxel offset {offset} in the header; export it again")
    return int(offset)


def _scaling(raw: Nifti1Header | Nifti2Header, path: Path) -> tuple[float | None, float]:
    """Slope and intercept; None if unset (0 or NaN by convention) or the identity."""
    slope, inter = float(raw["scl_slope"]), float(raw["scl_inter"])
    if slope == 0 or not math.isfinite(slope):
        return None, 0.0
    if not math.isfinite(inter):
        raise InputError(f"{path}: scl_inter in the header is {inter}; set it to 0")
    return (None, 0.0) if (slope, inter) == (1.0, 0.0) else (slope, inter)


def _affine(
    place: Nifti1Header, shape: tuple[int, ...], path: Path, notices: list[str]
) -> tuple[Array, bool]:
    """The affine in mm, and whether the header defines one; corrects ``place`` if needed."""
    sizes = place["pixdim"]
    sizes[1:4] = np.abs(sizes[1:4])  # nibabel corrects both errors in the same way
    sizes[0] = sizes[0] if sizes[0] in (-1, 1) else 1
    affines: dict[str, Array] = {}
    if int(place["sform_code"]) > 0:
        affines["sform"] = place.get_sform()
    if int(place["qform_code"]) > 0:
        try:
            affines["qform"] = place.get_qform()
        except ValueError:  # a quaternion longer than 1
            affines["qform"] = np.full((4, 4), np.nan)
    oriented = bool(affines)
    if not oriented:
        place.set_data_shape(shape)
        affines["voxel sizes"] = place.get_base_affine()
        notices.append(
            f"{path.name} has no orientation in its header (no sform, no qform): "
            "left and right are assumed as in Analyze files"
        )
    scale = _mm_per_unit(place, affines, path, notices)
    reasons = {name: nonsense(affine, scale) for name, affine in affines.items()}
    for name, affine in affines.items():
        if reasons[name]:
            continue
        if name == "qform" and "sform" in affines:
            notices.append(f"the sform of {path.name} {reasons['sform']}: its qform was used")
            place["sform_code"] = 0
        elif name == "sform" and (apart := _apart(affines, shape) * scale) > APART_MM:
            notices.append(
                f"the sform and the qform of {path.name} are {apart:.3g} mm apart: its sform was "
                "used; tools that read the qform show it elsewhere, or mirrored"
            )
        return np.diag([scale, scale, scale, 1.0]) @ affine, oriented
    name, reason = next(iter(reasons.items()))
    raise InputError(
        f"{path}: the position in the header ({name}) {reason}; export the file again or copy the "
        "header of a registered volume of this case"
    )


def _apart(found: dict[str, Array], shape: tuple[int, ...]) -> float:
    """The largest distance between corners by sform and by qform; 0 unless both are set."""
    if len(found) < 2 or not all(np.isfinite(affine).all() for affine in found.values()):
        return 0.0
    corners = np.array(np.meshgrid(*[(0, n - 1) for n in shape])).reshape(3, -1)
    moved = found["sform"].astype(np.float64) - found["qform"]
    return float(np.linalg.norm(moved[:3, :3] @ corners + moved[:3, 3:], axis=0).max())


def _mm_per_unit(
    place: Nifti1Header, found: dict[str, Array], path: Path, notices: list[str]
) -> float:
    """Convert header lengths to mm. Other units are often wrong."""
    unit, factor = MM_PER_UNIT.get(int(place["xyzt_units"]) % 8, ("", 1.0))
    if not unit:
        return 1.0
    edges = [np.linalg.norm(a[:3, :3].astype(np.float64), axis=0) * factor for a in found.values()]
    if all(BELIEVED_MM[0] <= e.min() and e.max() <= BELIEVED_MM[1] for e in edges):
        notices.append(f"{path.name} gives its lengths in {unit}: converted to mm")
        return factor
    notices.append(f"{path.name} gives implausible lengths in {unit}: read as mm")
    return 1.0


def nonsense(affine: Array, scale: float) -> str:
    """The error in an affine, for messages; empty if it is valid."""
    if not np.isfinite(affine).all():
        return "contains numbers that are not finite"
    matrix = affine[:3, :3].astype(np.float64) * scale
    with np.errstate(over="ignore"):  # then an edge is infinite
        edges = np.linalg.norm(matrix, axis=0)
    if edges.min() < VOXEL_MM[0] or edges.max() > VOXEL_MM[1]:
        return f"gives voxels of {' x '.join(f'{e:.4g}' for e in edges)} mm"
    if abs(np.linalg.det(matrix / edges)) < DEGENERATE:
        return "is singular: two voxel axes point the same way"
    if np.abs(affine[:3, 3] * scale).max() > FAR_MM:
        return "is kilometres away from the scanner"
    return ""
