"""NIfTI files: nibabel for the headers, isal for the bytes; label maps are written as such."""

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

Array = npt.NDArray[Any]

ENDINGS = (".nii", ".nii.gz")
"""Of the files that are written."""


def is_nifti(path: Path) -> bool:
    """True if the name ends like a NIfTI file that is written."""
    return path.name.lower().endswith(ENDINGS)


def open_nifti(path: Path) -> Stored:
    """A NIfTI file, plain or compressed, by its checked header."""
    header = parse_header(first_bytes(path, BLOCK), path)
    return Stored(header, lambda: all_bytes(path, header.end))


def write_labels(path: str | Path, labels: Array, grid: Grid) -> Path:
    """Write a label map (S, P, L) in the orientation, place and codes of the file behind ``grid``.

    The file appears whole or not at all, and equal labels give equal bytes. Returns ``path``.
    """
    path = Path(path)
    if not is_nifti(path):
        raise InputError(
            f"{path}: write label maps as .nii.gz, .nii or .seg.nrrd; change the ending"
        )
    return _write(path, checked_labels(path, labels, grid), grid, "label map")


def write_map(path: Path, values: npt.NDArray[np.float32], grid: Grid, text: str) -> Path:
    """Write a map of numbers (S, P, L) where and as `write_labels` does.

    ``text`` says in the header what it shows. Returns ``path``; raises `InputError`.
    """
    if values.shape != grid.shape:
        raise InputError(f"{path}: the map has shape {values.shape}, its grid {grid.shape}")
    return _write(path, values, grid, text, level=1)  # the low bits are noise, effort gains little


def checked_labels(path: Path, labels: Array, grid: Grid) -> npt.NDArray[np.uint8]:
    """``labels`` as they are stored, one byte each; `InputError` for what does not fit there."""
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
        # zlib rather than isal: its output does not depend on the processor; no time, no name.
        data = zlib.compress(data, level, wbits=31)
    write_atomically(path, data)
    return path


def _header(grid: Grid, dtype: np.dtype[Any], text: str) -> Nifti1Header:
    """Header of a result: the place of the input, nothing else of it (it may hold names)."""
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
        header["xyzt_units"] = int(source["xyzt_units"]) % 8  # a result has no time
    header["vox_offset"] = 352
    header["scl_slope"], header["scl_inter"] = 1, 0
    header["descrip"] = f"{text} by napari-shaspec".encode("ascii", "replace")[:79]
    return header
