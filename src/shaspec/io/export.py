"""A whole case as NIfTI files, e.g. a phantom for another program."""

from __future__ import annotations

import zlib
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from nibabel.nifti1 import Nifti1Image

from shaspec.case import Case
from shaspec.geometry import Grid
from shaspec.io.nifti import write_atomically, write_labels


def write_case(folder: str | Path, case: Case) -> list[Path]:
    """Write ``<name>_<modality>.nii.gz`` and, if there are labels, ``<name>_seg.nii.gz``.

    The names are such that `shaspec.io.read_case` finds them again. Returns the paths.
    """
    folder = Path(folder)
    paths = [
        write_volume(folder / f"{case.name}_{name.lower()}.nii.gz", volume, case.grid)
        for name, volume in case.volumes.items()
    ]
    if case.labels is not None:
        paths.append(write_labels(folder / f"{case.name}_seg.nii.gz", case.labels, case.grid))
    return paths


def write_volume(path: Path, volume: npt.NDArray[Any], grid: Grid) -> Path:
    """Write one volume (S, P, L) in its own data type, in the orientation of the grid's file."""
    image = Nifti1Image(np.ascontiguousarray(grid.to_file(volume)), grid.affine)
    image.header.set_xyzt_units("mm")
    data = image.to_bytes()
    # Level 1: real volumes are noise in the low bits, more effort gains little.
    write_atomically(path, zlib.compress(data, 1, wbits=31) if path.suffix == ".gz" else data)
    return path
