"""Volumes from and to NIfTI files: nibabel for the headers, isal for the bytes.

Nothing is unpacked beyond what the header announces, and the checksum of a gzip file is checked,
so that a bomb, a cut-off download and a flipped bit are refused by name instead of being shown.
"""

from __future__ import annotations

import os
import uuid
import zlib
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from isal import igzip_lib, isal_zlib
from nibabel.nifti1 import Nifti1Header

from shaspec.errors import InputError
from shaspec.geometry import Grid
from shaspec.io.header import BLOCK, LIMIT, PLACE, Header, parse_header

Array = npt.NDArray[Any]

ENDINGS = (".nii", ".nii.gz")
GZIP_MAGIC = b"\x1f\x8b"
PEEK = 64 * 1024  # bytes of a file that surely hold its header
SLACK = 1024 * 1024  # bytes behind the last voxel that a file may hold


@dataclass(frozen=True, eq=False)
class Volume:
    """One volume of a file: ``array`` (S, P, L) on ``grid``, read-only, in the type of the file.

    float32 or float64 where the header has a slope. ``limits`` is its smallest and largest value.
    """

    array: Array
    grid: Grid
    path: Path
    limits: tuple[float, float] = (0.0, 0.0)
    oriented: bool = True
    """False: the file does not say how it lies in space."""
    notices: tuple[str, ...] = ()
    nan: npt.NDArray[np.bool_] | None = None
    """Where the file holds NaN and ``array`` 0; None: nowhere."""


def is_nifti(path: Path) -> bool:
    """True if the name ends like a NIfTI file's."""
    return path.name.lower().endswith(ENDINGS)


def read_header(path: str | Path) -> Header:
    """The checked header of a file; reads no voxels."""
    path = Path(path)
    start = _load(path, PEEK)
    if start[:2] == GZIP_MAGIC:
        start = _unpack(start, BLOCK, path)
    return parse_header(start, path)


def read_volume(path: str | Path) -> Volume:
    """The volume of a 3D file as (S, P, L); raises `InputError` naming the file and the mend."""
    header, data = _read(Path(path))
    if len(header.shape) != 3:
        raise InputError(
            f"{path}: holds {header.shape[3]} volumes; give one file per modality, or open it as a "
            "case by itself"
        )
    return _volume(header, data, Path(path))


def read_channels(path: str | Path) -> list[Volume]:
    """The volumes of a 4D file (e.g. Medical Segmentation Decathlon), in the order of the file."""
    header, data = _read(Path(path))
    channels = 1 if len(header.shape) == 3 else header.shape[3]
    one = replace(header, shape=header.shape[:3])
    size = one.end - one.offset
    offsets = [header.offset + size * k for k in range(channels)]
    return [_volume(replace(one, offset=offset), data, Path(path)) for offset in offsets]


def write_labels(path: str | Path, labels: Array, grid: Grid) -> Path:
    """Write a label map (S, P, L) in the orientation, place and codes of the file behind ``grid``.

    The file appears whole or not at all, and equal labels give equal bytes. Returns ``path``.
    """
    path = Path(path)
    if not is_nifti(path):
        raise InputError(
            f"{path}: write label maps as .nii.gz, .nii or .seg.nrrd; change the ending"
        )
    voxels = grid.to_file(checked_labels(path, labels, grid)).tobytes(order="F")
    data = _label_header(grid).binaryblock + bytes(4) + voxels  # 4: "no extensions"
    if path.name.lower().endswith(".gz"):
        # zlib rather than isal: its output does not depend on the processor; no time, no name.
        data = zlib.compress(data, wbits=31)
    write_atomically(path, data)
    return path


def checked_labels(path: Path, labels: Array, grid: Grid) -> npt.NDArray[np.uint8]:
    """``labels`` as they are stored, one byte each; `InputError` for what does not fit there."""
    if labels.shape != grid.shape:
        raise InputError(f"{path}: labels have shape {labels.shape}, their grid {grid.shape}")
    if labels.dtype.kind not in "iub" or labels.min() < 0 or labels.max() > 255:
        raise InputError(f"{path}: labels must be integers from 0 to 255, not {labels.dtype}")
    return labels.astype(np.uint8)


def write_atomically(path: Path, data: bytes) -> None:
    """Write a file so that no one ever sees half of it; makes missing folders."""
    partial = path.with_name(f".{path.name}.{uuid.uuid4().hex[:8]}.partial")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            with partial.open("xb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            os.replace(partial, path)
        finally:
            partial.unlink(missing_ok=True)
    except OSError as error:
        raise InputError(
            f"{path}: cannot be written ({error.strerror}); choose another folder or free space"
        ) from error


def _label_header(grid: Grid) -> Nifti1Header:
    """Header of a label map: the place of the input, nothing else of it (it may hold names)."""
    header = Nifti1Header(endianness="<")
    header.set_data_dtype(np.uint8)
    header.set_data_shape(grid.file_shape)
    if grid.header is None:
        header.set_sform(grid.affine, code=1)
        header.set_qform(grid.affine, code=1)
        header.set_xyzt_units("mm")
    else:
        source = Nifti1Header(grid.header, check=False)
        for key in PLACE:
            header[key] = source[key]
        header["xyzt_units"] = int(source["xyzt_units"]) % 8  # a label map has no time
    header["vox_offset"] = 352
    header["scl_slope"], header["scl_inter"] = 1, 0
    header["descrip"] = b"label map by napari-shaspec"
    return header


def _read(path: Path) -> tuple[Header, bytes]:
    """Header and the unpacked bytes up to the last voxel."""
    data = _load(path, LIMIT + SLACK)
    packed = data[:2] == GZIP_MAGIC
    header = parse_header(_unpack(data[:PEEK], BLOCK, path) if packed else data[:BLOCK], path)
    if packed:
        data = _unpack(data, header.end, path, whole=True)
    if len(data) < header.end:
        raise InputError(
            f"{path}: cut off: only {len(data)} of {header.end} bytes; copy or download it again"
        )
    return header, data


def _load(path: Path, limit: int) -> bytes:
    try:
        with path.open("rb") as file:
            if limit > PEEK and os.fstat(file.fileno()).st_size > limit:
                raise InputError(f"{path}: larger than 2 GiB; crop or downsample the volume")
            return file.read(limit)
    except FileNotFoundError:
        raise InputError(f"{path}: no such file") from None
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror})") from error


def _unpack(data: bytes, size: int, path: Path, *, whole: bool = False) -> bytes:
    """The first ``size`` bytes of gzip ``data``, or fewer if it holds fewer.

    ``whole`` demands the end of the stream, hence a right checksum. A file may be several streams
    one after the other, as block-wise compressors write them.
    """
    parts: list[bytes] = []
    room = size
    try:
        while data[:2] == GZIP_MAGIC and room > 0:
            stream = igzip_lib.IgzipDecompressor(flag=igzip_lib.DECOMP_GZIP)
            parts.append(stream.decompress(data, room))
            room -= len(parts[-1])
            if whole and not stream.eof:
                # Either voxels are missing, or there is more than the header announces.
                rest = stream.decompress(b"", SLACK) if room == 0 else b""
                if not stream.eof:
                    what = "cut off" if len(rest) < SLACK else "holds more than its header says"
                    raise InputError(f"{path}: {what}; copy or download it again")
            data = stream.unused_data if stream.eof else b""
    except (isal_zlib.error, EOFError) as error:  # type: ignore[misc]  # their stub is wrong
        raise InputError(
            f"{path}: damaged: the compressed data cannot be read ({error}); copy or download it "
            "again"
        ) from error
    return parts[0] if len(parts) == 1 else b"".join(parts)


def _volume(header: Header, data: bytes, path: Path) -> Volume:
    """The 3D volume that begins at ``header.offset`` of ``data``."""
    i, j, k = header.shape
    flat = np.frombuffer(data, header.dtype, i * j * k, header.offset)
    array: Array = flat.reshape((i, j, k), order="F")
    with np.errstate(all="ignore"):  # overflow shows as inf just below
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
