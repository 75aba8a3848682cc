"""Read volumes from files of all supported formats, see `shaspec.io.formats.table`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from shaspec.errors import InputError
from shaspec.geometry import Grid
from shaspec.io.formats import table
from shaspec.io.formats.metaimage import open_metaimage
from shaspec.io.formats.mgh import open_mgh
from shaspec.io.formats.nrrd_file import open_nrrd
from shaspec.io.formats.packed import Bytes
from shaspec.io.formats.pair import open_pair
from shaspec.io.formats.stored import Stored
from shaspec.io.formats.table import Format, format_of, header_of
from shaspec.io.header import Header
from shaspec.io.naming import stem
from shaspec.io.nifti import open_nifti

Array = npt.NDArray[Any]

OPENERS: Mapping[Format, Callable[[Path], Stored]] = {
    table.NIFTI: open_nifti,
    table.METAIMAGE: open_metaimage,
    table.NRRD: open_nrrd,
    table.MGH: open_mgh,
    table.PAIR: open_pair,
}


@dataclass(frozen=True, eq=False)
class Volume:
    """One volume of a file: ``array`` (S, P, L) on ``grid``, read-only, in the type of the file.

    float32 or float64 if the header has a slope. ``limits`` are the smallest and largest value.
    """

    array: Array
    grid: Grid
    path: Path
    limits: tuple[float, float] = (0.0, 0.0)
    oriented: bool = True
    """False: the file has no orientation."""
    notices: tuple[str, ...] = ()
    nan: npt.NDArray[np.bool_] | None = None
    """Mask of NaN in the file, which are 0 in ``array``; None if there are none."""


def read_header(path: str | Path) -> Header:
    """The validated header of a file; reads no voxels."""
    return _open(Path(path)).header


def read_volume(path: str | Path) -> Volume:
    """Read a 3D file as (S, P, L); raises `InputError` naming the file and what to do."""
    stored = _open(Path(path))
    if len(stored.header.shape) != 3:
        raise InputError(
            f"{path}: contains {stored.header.shape[3]} volumes; pass one file per modality, or "
            "open this file alone as a case"
        )
    return _volume(stored.header, stored.load(), Path(path))


def read_channels(path: str | Path) -> list[Volume]:
    """The volumes of a 4D file (e.g. Medical Segmentation Decathlon), in the order of the file."""
    stored = _open(Path(path))
    header, data = stored.header, stored.load()
    channels = 1 if len(header.shape) == 3 else header.shape[3]
    one = replace(header, shape=header.shape[:3])
    size = one.end - one.offset
    offsets = [header.offset + size * k for k in range(channels)]
    return [_volume(replace(one, offset=offset), data, Path(path)) for offset in offsets]


def same_scan(one: Path, other: Path) -> bool:
    """Return whether a file is a copy of another: the same voxels at the same place.

    Only files of the same size, or of the same name with another ending, are compared. False for
    files that cannot be read, and for pictures.
    """
    alike = stem(one.name) == stem(other.name) or _size(one) == _size(other)
    if not alike or format_of(one) is None or format_of(other) is None:
        return False
    try:
        first, second = read_volume(one), read_volume(other)
    except InputError:
        return False
    return first.grid.matches(second.grid) and np.array_equal(first.array, second.array)


def _size(path: Path) -> int:
    """Bytes of a file; 0 if it cannot be read."""
    try:
        return path.stat().st_size
    except OSError:
        return 0


def is_4d(path: Path) -> bool:
    """Return whether a file has several volumes."""
    return format_of(path) is not None and len(read_header(path).shape) == 4


def _open(path: Path) -> Stored:
    """Open a file by its ending; NIfTI if the ending is unknown."""
    path = header_of(path)
    return OPENERS[format_of(path) or table.NIFTI](path)


def _volume(header: Header, data: Bytes, path: Path) -> Volume:
    """The 3D volume at ``header.offset`` of ``data``."""
    i, j, k = header.shape
    flat = np.frombuffer(data, header.dtype, i * j * k, header.offset)
    array: Array = flat.reshape((i, j, k), order="F")
    with np.errstate(all="ignore"):  # overflow becomes inf, checked below
        if header.slope is not None:
            array = array.astype(np.result_type(header.dtype.newbyteorder("="), np.float32))
            array = array * array.dtype.type(header.slope) + array.dtype.type(header.inter)
        limits = float(array.min()), float(array.max())  # NaN if any voxel is
        nan = np.isnan(array) if np.isnan(limits).any() else None
        if nan is not None:
            array = np.where(nan, array.dtype.type(0), array)
            limits = float(array.min()), float(array.max())
    if not np.isfinite(limits).all():
        raise InputError(
            f"{path}: has infinite voxels; replace them by the background value, or leave the "
            "file out"
        )
    try:
        grid = Grid.from_affine(header.affine, header.shape, header.block)
    except InputError as error:
        raise InputError(f"{path}: {error}; export the file again") from error
    array = np.ascontiguousarray(grid.from_file(array), array.dtype.newbyteorder("="))
    array.setflags(write=False)
    where = None if nan is None else np.ascontiguousarray(grid.from_file(nan))
    return Volume(array, grid, path, limits, header.oriented, header.notices, where)
