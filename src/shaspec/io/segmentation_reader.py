"""``.seg.nrrd``, the segmentations of 3D Slicer, read: what was corrected there comes back.

Slicer crops a segmentation to what it holds, and puts segments that overlap on layers of their own,
which come first in a fourth dimension. The fields are those of its developer guide.
"""

from __future__ import annotations

import math
import re
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import nrrd
import numpy as np
import numpy.typing as npt

from shaspec.errors import InputError
from shaspec.geometry import RAS_TO_LPS, Grid
from shaspec.io.header import LIMIT
from shaspec.io.segmentation_nrrd import ENDING, is_segmentation
from shaspec.task import Task

TO_RAS = {
    "left-posterior-superior": RAS_TO_LPS,
    "lps": RAS_TO_LPS,
    "right-anterior-superior": np.eye(4),
    "ras": np.eye(4),
}
TYPES = {
    **dict.fromkeys(("unsigned char", "uchar", "uint8", "uint8_t"), "u1"),
    **dict.fromkeys(("signed char", "int8", "int8_t"), "i1"),
    **dict.fromkeys(("short", "short int", "signed short", "int16", "int16_t"), "i2"),
    **dict.fromkeys(("unsigned short", "ushort", "uint16", "uint16_t"), "u2"),
    **dict.fromkeys(("int", "signed int", "int32", "int32_t"), "i4"),
    **dict.fromkeys(("unsigned int", "uint", "uint32", "uint32_t"), "u4"),
}
"""Whole numbers by the names that NRRD has for them."""
MOST = 255  # segments in one file


@dataclass(frozen=True, eq=False)
class Segmentation:
    """Segments on a grid of their own."""

    array: npt.NDArray[np.uint8]
    """(S, P, L): the number of a segment, from 1 on; 0 where there is none."""
    names: tuple[str, ...]
    """Of segment 1, 2 and so on."""
    grid: Grid
    notices: tuple[str, ...] = ()

    def in_codes(self, task: Task) -> npt.NDArray[np.uint8] | None:
        """(S, P, L) in the codes of ``task``; None unless it knows every segment by its name."""
        codes = [_code(name, task) for name in self.names]
        known = [0, *(code for code in codes if code is not None)]
        return np.array(known, np.uint8)[self.array] if len(known) == len(codes) + 1 else None


def read_segmentation(path: str | Path) -> Segmentation:
    """Read a segmentation of 3D Slicer; raises `InputError` naming the file and the mend."""
    path = Path(path)
    if not is_segmentation(path):
        raise InputError(f"{path}: segmentations end in {ENDING}; change the ending if it is one")
    try:
        with path.open("rb") as file:
            header = nrrd.read_header(file)
            affine, list_axis = _place(header, path)
            voxels = _voxels(file, header, path)
    except InputError:
        raise
    except (nrrd.NRRDError, OSError, ValueError, LookupError, TypeError) as error:
        raise InputError(f"{path}: is no segmentation that can be read ({error})") from error
    layers = voxels[None] if list_axis is None else np.moveaxis(voxels, list_axis, 0)
    try:
        grid = Grid.from_affine(affine, layers.shape[1:])
    except InputError as error:
        raise InputError(f"{path}: {error}") from error
    return _segments(layers, header, grid, path)


def _place(header: dict[str, Any], path: Path) -> tuple[npt.NDArray[np.float64], int | None]:
    """Voxel (i, j, k) -> RAS mm (4, 4), and which axis lists layers, if one does."""
    space = str(header.get("space", "")).lower()
    if space not in TO_RAS or "space origin" not in header:
        raise InputError(f"{path}: does not say where it lies in the patient; save it again")
    directions = np.array(
        [
            np.full(3, np.nan) if row is None else np.asarray(row, np.float64)
            for row in header["space directions"]
        ]
    )
    spatial = np.isfinite(directions).all(axis=1)
    if spatial.sum() != 3 or len(spatial) not in (3, 4):
        raise InputError(f"{path}: has {spatial.sum()} axes in space, a segmentation has 3")
    lps = np.eye(4)
    lps[:3, :3] = directions[spatial].T
    lps[:3, 3] = header["space origin"]
    layers = np.flatnonzero(~spatial)
    return TO_RAS[space] @ lps, int(layers[0]) if len(layers) else None


def _voxels(file: BinaryIO, header: dict[str, Any], path: Path) -> npt.NDArray[Any]:
    """The array as the file has it, its first axis the fastest."""
    if {"data file", "datafile", "byte skip", "line skip"} & header.keys():
        raise InputError(f"{path}: keeps its voxels elsewhere; save it as one file, {ENDING}")
    kind, encoding = str(header["type"]), str(header["encoding"]).lower()
    if kind not in TYPES or encoding not in ("raw", "gzip", "gz"):
        raise InputError(
            f"{path}: holds {kind} as {encoding}, not whole numbers, plain or gzip; save it again"
        )
    order = ">" if header.get("endian") == "big" else "<"
    dtype = np.dtype(order + TYPES[kind])
    shape = tuple(int(n) for n in header["sizes"])
    size = math.prod(shape) * dtype.itemsize
    if min(shape) < 1 or size > LIMIT:
        raise InputError(f"{path}: announces {' x '.join(map(str, shape))} voxels; save it again")
    data = file.read()
    if encoding != "raw":
        try:
            data = zlib.decompressobj(47).decompress(data, size)  # no more, whatever it holds
        except zlib.error as error:
            raise InputError(f"{path}: is damaged ({error}); save or copy it again") from error
    if len(data) < size:
        raise InputError(f"{path}: is cut off; save or copy it again")
    return np.frombuffer(data, dtype, math.prod(shape)).reshape(shape, order="F")


def _segments(
    layers: npt.NDArray[Any], header: dict[str, Any], grid: Grid, path: Path
) -> Segmentation:
    """The segments in their order, a later one over an earlier one."""
    numbers = sorted(int(m[1]) for key in header if (m := re.fullmatch(r"Segment(\d+)_ID", key)))
    if not 0 < len(numbers) <= MOST:
        raise InputError(f"{path}: has {len(numbers)} segments; 1 to {MOST} can be shown")
    found = np.zeros(layers.shape[1:], np.uint8)
    names, hidden = [], False
    for count, number in enumerate(numbers, 1):
        value = int(header.get(f"Segment{number}_LabelValue", number + 1))
        mask = layers[int(header.get(f"Segment{number}_Layer", 0))] == value
        hidden |= bool(found[mask].any())
        found[mask] = count
        names.append(str(header.get(f"Segment{number}_Name", f"segment {count}")))
    notices = ("segments overlap: where they do, the last one is shown",) if hidden else ()
    return Segmentation(grid.from_file(found), tuple(names), grid, notices)


def _code(name: str, task: Task) -> int | None:
    """The value of the label that a segment is called after; we write ``label 9`` for others."""
    for label in task.labels:
        if name.strip().lower() in (label.name.lower(), label.title.lower()):
            return label.value
    numbered = re.fullmatch(r"label (\d{1,3})", name)
    return int(numbered[1]) if numbered and int(numbered[1]) <= 255 else None
