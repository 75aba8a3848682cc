"""FreeSurfer volumes, ``.mgh`` and ``.mgz``; nibabel parses the header."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from nibabel.freesurfer.mghformat import DATA_OFFSET, MGHHeader

from shaspec.errors import InputError
from shaspec.io.formats.packed import all_bytes, first_bytes
from shaspec.io.formats.placing import placed_header
from shaspec.io.formats.stored import Stored

TYPES = {0: "u1", 1: ">i4", 3: ">f4", 4: ">i2", 10: ">u2"}
"""By FreeSurfer's type codes (mri.h)."""
CORONAL = ((-1, 0, 0), (0, 0, -1), (0, 1, 0))
"""FreeSurfer's default axis directions in RAS for headers without any."""
GOOD_RAS = slice(28, 30)  # bytes of the flag for an orientation


def open_mgh(path: Path) -> Stored:
    """Open a FreeSurfer volume and validate its header."""
    data = first_bytes(path, DATA_OFFSET)
    if len(data) < DATA_OFFSET or data[:4] != b"\0\0\0\1":
        raise InputError(
            f"{path}: not a FreeSurfer volume, or its header is truncated; export it again"
        )
    raw: Any = MGHHeader(data, check=False)
    code = int(raw["type"])
    if code not in TYPES:
        raise InputError(f"{path}: the header has the unknown data type {code}; export it again")
    # nibabel's default has up and down reversed
    oriented = int.from_bytes(data[GOOD_RAS], "big", signed=True) > 0
    if not oriented:
        raw["Mdc"], raw["delta"], raw["Pxyz_c"] = CORONAL, 1, 0
    said = f"{path.name} has no orientation in its header: coronal slices are assumed"
    with np.errstate(all="ignore"):  # invalid numbers are refused below
        affine = np.asarray(raw.get_affine(), np.float64)
    header = placed_header(
        path,
        [int(n) for n in raw["dims"]],
        np.dtype(TYPES[code]),
        affine,
        offset=DATA_OFFSET,
        oriented=oriented,
        notices=() if oriented else (said,),
    )
    return Stored(header, lambda: all_bytes(path, header.end))
