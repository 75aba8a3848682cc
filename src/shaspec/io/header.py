"""NIfTI headers, judged before any voxel is touched.

nibabel reads what is written; it also accepts zero dimensions, NaN in the affine and singular ones.
Here a header is parsed by nibabel and then has to make sense, or is refused by name with the mend.
"""

from __future__ import annotations

import math
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
LIMIT = 2**31  # decoded bytes above which a file is no volume of a patient but a mistake or a bomb
LARGE = 2**28  # decoded bytes from which on the free memory is looked at
VOXEL_MM = (0.005, 1000.0)  # sizes of a voxel that make sense
BELIEVED_MM = (0.02, 20.0)  # the same where the header claims another unit than mm
FAR_MM = 1e6  # an origin farther away than this is no place
APART_MM = 1.0  # more than this between sform and qform is no rounding
DEGENERATE = 0.01  # volume of the voxel / product of its edges: below it two axes coincide
# Everything that says where voxels lie; the names are the same in both NIfTI versions.
PLACE = (
    "pixdim", "xyzt_units", "qform_code", "sform_code", "quatern_b", "quatern_c", "quatern_d",
    "qoffset_x", "qoffset_y", "qoffset_z", "srow_x", "srow_y", "srow_z",
)  # fmt: skip
XFORM_CODES = range(1, 6)  # what may stand in sform_code and qform_code if they are set
MM_PER_UNIT = {1: ("metres", 1000.0), 3: ("micrometres", 0.001)}  # of xyzt_units; the rest is mm


@dataclass(frozen=True, eq=False)
class Header:
    """What a checked header says; everything needed to find, scale and place the voxels."""

    shape: tuple[int, ...]
    """(i, j, k), or (i, j, k, channels) where a fourth dimension is more than one."""
    dtype: np.dtype[Any]
    offset: int
    """Position in bytes of the first voxel."""
    slope: float | None
    """None: the voxels are stored as they are."""
    inter: float
    affine: Array
    """Voxel (i, j, k) -> RAS mm (4, 4), by nibabel's rule: sform, else qform, else voxel sizes."""
    oriented: bool
    """False: neither sform nor qform is set, position and sides are unknown."""
    block: bytes | None
    """The same place as a little-endian NIfTI-1 header (348 bytes); None: no NIfTI file."""
    notices: tuple[str, ...] = ()

    @property
    def end(self) -> int:
        """Position in bytes behind the last voxel."""
        return self.offset + math.prod(self.shape) * self.dtype.itemsize


def parse_header(data: bytes, path: Path, *, pair: bool = False) -> Header:
    """Header from the first bytes of an (unpacked) file.

    Args:
        data: the bytes.
        path: for messages.
        pair: whether the voxels are in a file of their own (``.hdr`` and ``.img``).

    Raises:
        InputError: for a header that makes no sense, naming the file and the mend.
    """
    raw = _header_class(data, path, pair)
    shape = _shape(raw["dim"], path)
    dtype = _dtype(int(raw["datatype"]), path).newbyteorder(raw.endianness)
    least = 0 if pair else 352 if len(raw.binaryblock) == 348 else 544
    offset = _offset(raw["vox_offset"], least, path)
    check_size(shape, dtype, path, offset)
    place = Nifti1Header(endianness="<")
    notices: list[str] = []
    with np.errstate(all="ignore"):  # absurd numbers become inf or NaN, and those are refused
        for key in PLACE:
            place[key] = raw[key]
        for key in ("sform_code", "qform_code"):
            place[key] = raw[key] if int(raw[key]) in XFORM_CODES else 0
        affine, oriented = _affine(place, shape[:3], path, notices)
    slope, inter = _scaling(raw, path)
    block = place.binaryblock
    return Header(shape, dtype, offset, slope, inter, affine, oriented, block, tuple(notices))


def check_size(shape: tuple[int, ...], dtype: np.dtype[Any], path: Path, offset: int = 0) -> None:
    """Refuse a volume that is larger than any patient's, before memory is taken for it."""
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
            f"{path}: by its header the voxels are "
            + (
                "in this very file; let its name end in .nii"
                if pair
                else "in a second file; let the names end in .hdr and .img"
            )
        )
    raise InputError(
        f"{path}: not a NIfTI file, or cut off in its header; export it again, from DICOM e.g. "
        "with dcm2niix, from other formats with 3D Slicer or ITK-SNAP"
    )


def _shape(dim: Array, path: Path) -> tuple[int, ...]:
    """The spatial shape, and the channels if there are more than one."""
    ndim = int(dim[0])
    sizes = [int(n) for n in dim[1 : 1 + ndim]] if 1 <= ndim <= 7 else []
    return checked_shape(sizes, path, [int(n) for n in dim])


def checked_shape(sizes: list[int], path: Path, written: list[int]) -> tuple[int, ...]:
    """(i, j, k), or (i, j, k, channels) where there are more than one; ``written``: for messages.

    Raises `InputError` for what is no volume.
    """
    if not sizes or min(sizes) < 1 or max(sizes) > 32767:
        raise InputError(
            f"{path}: the header gives the dimensions {written}, which is no volume; export the "
            "file again"
        )
    while len(sizes) > 3 and sizes[-1] == 1:
        sizes = sizes[:-1]
    if len(sizes) not in (3, 4):
        raise InputError(f"{path}: has {len(sizes)} dimensions; a volume with 3 is needed")
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
        return least  # "not said", which many programs write
    if not (math.isfinite(offset) and offset == int(offset) and least <= offset <= LIMIT):
        raise InputError(f"{path}: the header has voxels begin at byte {offset}; export it again")
    return int(offset)


def _scaling(raw: Nifti1Header | Nifti2Header, path: Path) -> tuple[float | None, float]:
    """Slope and intercept; None where they are unset (0 or NaN by convention) or the identity."""
    slope, inter = float(raw["scl_slope"]), float(raw["scl_inter"])
    if slope == 0 or not math.isfinite(slope):
        return None, 0.0
    if not math.isfinite(inter):
        raise InputError(f"{path}: scl_inter in the header is {inter}; set it to 0")
    return (None, 0.0) if (slope, inter) == (1.0, 0.0) else (slope, inter)


def _affine(
    place: Nifti1Header, shape: tuple[int, ...], path: Path, notices: list[str]
) -> tuple[Array, bool]:
    """The affine in mm, and whether the header really gives one; mends ``place`` where needed."""
    sizes = place["pixdim"]
    sizes[1:4] = np.abs(sizes[1:4])  # both slips are mended by nibabel in the same way
    sizes[0] = sizes[0] if sizes[0] in (-1, 1) else 1
    found: dict[str, Array] = {}
    if int(place["sform_code"]) > 0:
        found["sform"] = place.get_sform()
    if int(place["qform_code"]) > 0:
        try:
            found["qform"] = place.get_qform()
        except ValueError:  # a quaternion longer than one
            found["qform"] = np.full((4, 4), np.nan)
    oriented = bool(found)
    if not oriented:
        place.set_data_shape(shape)
        found["voxel sizes"] = place.get_base_affine()
        notices.append(
            f"{path.name} has no orientation in its header (no sform, no qform): "
            "left and right are assumed as in Analyze files"
        )
    scale = _mm_per_unit(place, found, path, notices)
    reasons = {name: nonsense(affine, scale) for name, affine in found.items()}
    for name, affine in found.items():
        if reasons[name]:
            continue
        if name == "qform" and "sform" in found:
            notices.append(f"the sform of {path.name} {reasons['sform']}: its qform was taken")
            place["sform_code"] = 0
        elif name == "sform" and (apart := _apart(found, shape) * scale) > APART_MM:
            notices.append(
                f"the sform and the qform of {path.name} are {apart:.3g} mm apart: its sform was "
                "taken; tools that read the qform show it elsewhere, or mirrored"
            )
        return np.diag([scale, scale, scale, 1.0]) @ affine, oriented
    name, reason = next(iter(reasons.items()))
    raise InputError(
        f"{path}: the position in the header ({name}) {reason}; export the file again or copy the "
        "header of a registered volume of this case"
    )


def _apart(found: dict[str, Array], shape: tuple[int, ...]) -> float:
    """The largest distance between a corner by the sform and by the qform; 0 without both."""
    if len(found) < 2 or not all(np.isfinite(affine).all() for affine in found.values()):
        return 0.0
    corners = np.array(np.meshgrid(*[(0, n - 1) for n in shape])).reshape(3, -1)
    moved = found["sform"].astype(np.float64) - found["qform"]
    return float(np.linalg.norm(moved[:3, :3] @ corners + moved[:3, 3:], axis=0).max())


def _mm_per_unit(
    place: Nifti1Header, found: dict[str, Array], path: Path, notices: list[str]
) -> float:
    """Header lengths -> mm. Other units are often claimed and seldom meant."""
    unit, factor = MM_PER_UNIT.get(int(place["xyzt_units"]) % 8, ("", 1.0))
    if not unit:
        return 1.0
    edges = [np.linalg.norm(a[:3, :3].astype(np.float64), axis=0) * factor for a in found.values()]
    if all(BELIEVED_MM[0] <= e.min() and e.max() <= BELIEVED_MM[1] for e in edges):
        notices.append(f"{path.name} gives its lengths in {unit}: converted to mm")
        return factor
    notices.append(f"{path.name} claims lengths in {unit}, which makes no sense: taken as mm")
    return 1.0


def nonsense(affine: Array, scale: float) -> str:
    """What is wrong with an affine, for a sentence; empty: nothing."""
    if not np.isfinite(affine).all():
        return "holds numbers that are not finite"
    matrix = affine[:3, :3].astype(np.float64) * scale
    edges = np.linalg.norm(matrix, axis=0)
    if edges.min() < VOXEL_MM[0] or edges.max() > VOXEL_MM[1]:
        return f"gives voxels of {' x '.join(f'{e:.4g}' for e in edges)} mm"
    if abs(np.linalg.det(matrix / edges)) < DEGENERATE:
        return "is singular: two voxel axes point the same way"
    if np.abs(affine[:3, 3] * scale).max() > FAR_MM:
        return "lies kilometres away"
    return ""
