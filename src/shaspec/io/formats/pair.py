"""Pairs of ``.hdr`` and ``.img`` files: NIfTI, and Analyze 7.5 with the fields that SPM added.

Analyze does not store which side is left. As in nibabel, SPM's rule is used (the first axis runs
from right to left), with a notice; files that contradict it are refused.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from nibabel.spm2analyze import Spm2AnalyzeHeader

from shaspec.errors import InputError
from shaspec.files.reading import is_file
from shaspec.io.formats.packed import all_bytes, first_bytes
from shaspec.io.formats.placing import placed_header
from shaspec.io.formats.stored import Stored
from shaspec.io.formats.table import IMG, PAIR
from shaspec.io.header import BLOCK, Header, parse_header

TYPES = {2: "u1", 4: "i2", 8: "i4", 16: "f4", 64: "f8", 256: "i1", 512: "u2", 768: "u4"}
"""By the type codes of Analyze and SPM."""
ANALYZE = 348  # bytes of the header
ORIENT = 252  # the byte with the slice orientation


def open_pair(path: Path) -> Stored:
    """Open a pair of files by its header, ``path``, and validate it."""
    data = first_bytes(path, BLOCK)
    sizes = (int.from_bytes(data[:4], "little"), int.from_bytes(data[:4], "big"))
    nifti = data[344:346] == b"ni" or data[4:6] == b"ni" or data[344:346] == b"n+"
    if ANALYZE in sizes and len(data) >= ANALYZE and not nifti:
        header = _analyze(data[:ANALYZE], path)
    else:
        header = parse_header(data, path, pair=True)
    voxels = _voxels(path)
    return Stored(header, lambda: all_bytes(voxels, header.end))


def _voxels(path: Path) -> Path:
    """The file of the voxels beside a header."""
    ending = next((e for e in PAIR.endings if path.name.lower().endswith(e)), "")
    bare = path.name.removesuffix(path.name[-len(ending) :]) if ending else path.name
    named = [path.with_name(bare + e) for end in IMG for e in (end, end.upper())]
    voxel_file = next((voxels for voxels in named if is_file(voxels)), None)
    if voxel_file is None:
        raise InputError(f"{path}: its voxels, {bare}.img, are missing; copy that file too")
    return voxel_file


def _analyze(data: bytes, path: Path) -> Header:
    """Read an Analyze header by the rules of SPM."""
    raw: Any = Spm2AnalyzeHeader(data, check=False)
    if data[ORIENT] != 0:
        raise InputError(
            f"{path}: is an Analyze file whose slices are not transverse (orient {data[ORIENT]}); "
            "convert it to NIfTI with the program that wrote it"
        )
    matrix = path.with_name(path.name[: path.name.lower().rindex(".hdr")] + ".mat")
    if is_file(matrix):
        raise InputError(
            f"{path}: the orientation in {matrix.name} is not read; convert both to NIfTI with SPM"
        )
    code, ndim = int(raw["datatype"]), int(raw["dim"][0])
    if code not in TYPES or not 1 <= ndim <= 7:
        raise InputError(
            f"{path}: has {ndim} dimensions of data type {code}; export it again as NIfTI"
        )
    raw["pixdim"][1:4] = np.abs(raw["pixdim"][1:4])
    slope, inter = raw.get_slope_inter()
    with np.errstate(all="ignore"):  # invalid numbers are refused below
        affine = np.asarray(raw.get_best_affine(), np.float64)
        offset = float(raw["vox_offset"])
    if not 0 <= offset < 2**31 or offset != int(offset):
        raise InputError(f"{path}: invalid voxel offset {offset} in the header; export it again")
    header = placed_header(
        path,
        [int(n) for n in raw["dim"][1 : 1 + ndim]],
        np.dtype(TYPES[code]).newbyteorder(raw.endianness),
        affine,
        offset=int(offset),
        oriented=False,
        scaling=(slope or 1.0, inter or 0.0),
    )
    said = (
        f"{path.name} is an Analyze file, which does not store left and right: the first "
        "axis was assumed to run from right to left, as in SPM"
    )
    return replace(header, notices=(said,))
