"""Files of a sagittal acquisition, and the layers that the reader makes of files."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import nibabel as nib
import numpy as np
import numpy.typing as npt

from napari_shaspec.reader import get_reader

SCAN_SHAPE = (20, 18, 16)  # i, j, k of the files
SAGITTAL = np.array(
    [[0.0, 0, -3, 40], [1.5, 0, 0, -20], [0, 1, 0, -10], [0, 0, 0, 1]]
)  # napari aborts if it is given this affine


def write_scan(path: Path, values: npt.NDArray[Any] | None = None) -> Path:
    """Writes ``values`` (i, j, k), or random ones that depend on the file name."""
    if values is None:
        rng = np.random.default_rng(len(path.name))
        values = rng.integers(1, 500, SCAN_SHAPE).astype(np.int16)
    path.parent.mkdir(parents=True, exist_ok=True)
    nib.save(nib.Nifti1Image(values, SAGITTAL), path)
    return path


def read_layers(path: str | list[str]) -> list[tuple[Any, dict[str, Any], str]]:
    """The layers of these files."""
    reader = get_reader(path)
    assert reader is not None
    return reader(path)
