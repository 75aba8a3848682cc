"""One slice of a DICOM series, to look at."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from shaspec.dicom.dataset import faults, read_dataset
from shaspec.dicom.header import Header
from shaspec.dicom.series import Series
from shaspec.errors import InputError

MOST_BYTES = 2**28
"""Largest file that is decoded for a picture; the limit holds for its pixels too."""
WANTED = (1.0, 1.0, -1.0)
"""Direction of rows and columns of a picture along L, P and S: left and posterior are on the right,
posterior and inferior are below."""


def middle_slice(series: Series) -> npt.NDArray[np.float32]:
    """The pixels of the middle image of a series, without rescaling, upright.

    Args:
        series: its files are read.

    Returns:
        (row, column) values, for a picture only.

    Raises:
        InputError: if pydicom is missing, or the pixels cannot be decoded, e.g. because a package
            for their compression is missing.
    """
    header = _middle(series.headers)
    try:
        image = read_dataset(header.path, pixels=True, most=MOST_BYTES).dataset
        with faults():
            size = header.shape[0] * header.shape[1] * len(header.positions)
            if size * int(image.SamplesPerPixel) * int(image.BitsAllocated) // 8 > MOST_BYTES:
                raise InputError("too large")
            pixels = image.pixel_array
    except (InputError, RuntimeError) as error:  # without the path, which names patients
        raise InputError(f"{series.title}: its pixels cannot be decoded for a picture") from error
    plane = pixels[len(pixels) // 2] if pixels.ndim == 3 else pixels
    if plane.ndim != 2:
        raise InputError(f"{series.title}: has no grey images")
    for axis, direction in enumerate((header.axes[0, 3:], header.axes[0, :3])):
        direction = np.nan_to_num(direction)
        along = int(np.abs(direction).argmax())
        if direction[along] * WANTED[along] < 0:
            plane = np.flip(plane, axis)
    return np.asarray(plane, np.float32)


def _middle(headers: Sequence[Header]) -> Header:
    """The image in the middle along the normal of the slices."""
    normal = np.nan_to_num(np.cross(headers[0].axes[0, :3], headers[0].axes[0, 3:]))
    order = sorted(headers, key=lambda header: float(np.nan_to_num(header.positions[0]) @ normal))
    return order[len(order) // 2]
