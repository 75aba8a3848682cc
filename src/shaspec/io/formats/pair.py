"""Pairs of ``.hdr`` and ``.img`` files: NIfTI, and Analyze 7.5 with the fields that SPM added.

Analyze does not say which side is left. It is read as nibabel does (SPM's rule: the first axis runs
from right to left), with a notice; what says otherwise and cannot be followed is refused.
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
"""By the numbers that Analyze and SPM have for them."""
ANALYZE = 348  # bytes of the header
ORIENT = 252  # the byte that says in which plane slices were taken


def open_pair(path: Path) -> Stored:
    """A pair of files by its checked header, ``path``."""
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
    found = next((voxels for voxels in named if is_file(voxels)), None)
    if found is None:
        raise InputError(f"{path}: its voxels, {bare}.img, are not there; copy that file too")
    return found


def _analyze(data: bytes, path: Path) -> Header:
    """What an Analyze header says, in the reading of SPM."""
    raw: Any = Spm2AnalyzeHeader(data, check=False)
    if data[ORIENT] != 0:
        raise InputError(
            f"{path}: is an Analyze file whose slices are not transverse (orient {data[ORIENT]}); "
            "convert it to NIfTI with a program that knows its source"
        )
    matrix = path.with_name(path.name[: path.name.lower().rindex(".hdr")] + ".mat")
    if is_file(matrix):
        raise InputError(
            f"{path}: the orientation in {matrix.name} is not read; convert both to NIfTI with SPM"
        )
    code, ndim = int(raw["datatype"]), int(raw["dim"][0])
    if code not in TYPES or not 1 <= ndim <= 7:
        raise InputError(
            f"{path}: holds {ndim} dimensions of data type {code}; export it again as NIfTI"
        )
    raw["pixdim"][1:4] = np.abs(raw["pixdim"][1:4])
    slope, inter = raw.get_slope_inter()
    with np.errstate(all="ignore"):  # absurd numbers are refused below
        affine = np.asarray(raw.get_best_affine(), np.float64)
        offset = float(raw["vox_offset"])
    if not 0 <= offset < 2**31 or offset != int(offset):
        raise InputError(f"{path}: the header has voxels begin at byte {offset}; export it again")
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
        f"{path.name} is an Analyze file, which does not say where left and right are: the first "
        "axis was taken to run from right to left, as SPM does"
    )
    return replace(header, notices=(said,))
