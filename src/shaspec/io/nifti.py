"""Read NIfTI files (nibabel parses headers, isal decompresses) and write label maps."""

from __future__ import annotations

import zlib
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from nibabel.nifti1 import Nifti1Header

from shaspec.errors import InputError
from shaspec.files.writing import write_atomically
from shaspec.geometry import Grid
from shaspec.io.formats.packed import all_bytes, first_bytes
from shaspec.io.formats.stored import Stored
from shaspec.io.header import BLOCK, PLACE, parse_header
from shaspec.io.origin import PROGRAM, Origin, origin_text

Array = npt.NDArray[Any]

ENDINGS = (".nii", ".nii.gz")
"""Endings of written files."""


def is_nifti(path: Path) -> bool:
    """Return whether the name has one of these endings."""
    return path.name.lower().endswith(ENDINGS)


def open_nifti(path: Path) -> Stored:
    """Open a NIfTI file, plain or compressed, and validate its header."""
    header = parse_header(first_bytes(path, BLOCK), path)
    return Stored(header, lambda: all_bytes(path, header.end))


def write_labels(
    path: str | Path, labels: Array, grid: Grid, origin: Origin = Origin.LABELS
) -> Path:
    """Write a label map (S, P, L) in the orientation, position and codes of the file of ``grid``.

    ``origin`` is noted in the header. The file is written atomically, and equal labels give equal
    bytes. Returns ``path``.
    """
    path = Path(path)
    if not is_nifti(path):
        raise InputError(
            f"{path}: write label maps as .nii.gz, .nii or .seg.nrrd; change the ending"
        )
    voxels = checked_labels(path, labels, grid)
    return _write(path, voxels, grid, origin_text(origin, voxels))


def write_map(path: Path, values: npt.NDArray[np.float32], grid: Grid, text: str) -> Path:
    """Write a map of numbers (S, P, L) like `write_labels`.

    ``text`` is the description in the header. Returns ``path``; raises `InputError`.
    """
    if values.shape != grid.shape:
        raise InputError(f"{path}: the map has shape {values.shape}, its grid {grid.shape}")
    return _write(path, values, grid, f"{text} by {PROGRAM}", level=1)  # as in `shaspec.io.export`


def checked_labels(path: Path, labels: Array, grid: Grid) -> npt.NDArray[np.uint8]:
    """``labels`` as stored, one byte each; raises `InputError` for other values."""
    if labels.shape != grid.shape:
        raise InputError(f"{path}: labels have shape {labels.shape}, their grid {grid.shape}")
    if labels.dtype.kind not in "iub" or labels.min() < 0 or labels.max() > 255:
        raise InputError(f"{path}: labels must be integers from 0 to 255, not {labels.dtype}")
    return labels.astype(np.uint8)


def _write(path: Path, values: Array, grid: Grid, text: str, *, level: int = -1) -> Path:
    voxels = grid.to_file(values).tobytes(order="F")
    header = _header(grid, values.dtype, text)
    data = header.binaryblock + bytes(4) + voxels  # 4: "no extensions"
    if path.name.lower().endswith(".gz"):
        # zlib, not isal: its output does not depend on the processor; no time stamp, no name.
        data = zlib.compress(data, level, wbits=31)
    write_atomically(path, data)
    return path


def _header(grid: Grid, dtype: np.dtype[Any], text: str) -> Nifti1Header:
    """Header of a result: only the position of the input, since other fields may contain names."""
    header = Nifti1Header(endianness="<")
    header.set_data_dtype(dtype)
    header.set_data_shape(grid.file_shape)
    if grid.header is None:
        header.set_sform(grid.affine, code=1)
        header.set_qform(grid.affine, code=1)
        header.set_xyzt_units("mm")
    else:
        source = Nifti1Header(grid.header, check=False)
        for key in PLACE:
            header[key] = source[key]
        header["xyzt_units"] = int(source["xyzt_units"]) % 8  # a result has no time axis
    header["vox_offset"] = 352
    header["scl_slope"], header["scl_inter"] = 1, 0
    header["descrip"] = text.encode("ascii", "replace")[:79]
    return header
