"""Replace NaN, placeholders such as the lowest float, and invalid values by background.

A volume without any valid value counts as an absent modality.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import scipy

from shaspec.task import Modality

Array = npt.NDArray[Any]
Mask = npt.NDArray[np.bool_]


PLACEHOLDER = -1e6  # no scan has values below it, but "no data" often is: -2147483648, -3.4e38


@dataclass(frozen=True, eq=False)
class Measured:
    """A volume or picture without invalid values."""

    array: Array
    notice: str = ""
    """What was replaced by background, to follow the name of the modality in a message."""
    absent: str = ""
    """Why the modality counts as absent, likewise; empty if it is present."""


def measured(
    array: Array,
    modality: Modality,
    nan: Mask | None = None,
    limits: tuple[float, float] | None = None,
) -> Measured:
    """Replace values of ``array`` that were not measured by background.

    Args:
        array: (*spatial) or (C, *spatial), as stored.
        modality: defines the values that mean "not measured".
        nan: mask of NaN in the file, if they were already replaced in ``array``.
        limits: smallest and largest value of ``array``, if known.
    """
    invalid = _invalid(array, modality, nan, limits)
    valid = array if invalid is None else array[~invalid]
    if not valid.size:
        return Measured(array, absent="none of its values was measured")
    valid_limits = limits if invalid is None else None
    low, high = valid_limits or (float(valid.min()), float(valid.max()))
    if low == high:
        return Measured(array, absent=f"every value is {low:g}")
    if invalid is None:
        return Measured(array)
    value = _background(low, high, modality)
    filled = np.where(invalid, value, array).astype(np.result_type(array.dtype, type(value)))
    if array.dtype.kind == "f" or value == int(value):
        filled = filled.astype(array.dtype)
    return Measured(filled, _told(invalid))


def _invalid(
    array: Array, modality: Modality, nan: Mask | None, limits: tuple[float, float] | None
) -> Mask | None:
    """Mask of invalid values; None if all are valid."""
    masks = [] if nan is None else [nan]
    if nan is None and array.dtype.kind == "f" and np.isnan(array).any():
        masks.append(np.isnan(array))
    low = limits[0] if limits else float(np.fmin.reduce(array, axis=None))
    if low < PLACEHOLDER and modality.normalisation in ("zscore", "window"):
        masks.append(array == low)
    if modality.invalid:
        masks.append(np.isin(array, modality.invalid))
    mask = np.logical_or.reduce(masks) if masks else None
    return mask if mask is not None and mask.any() else None


def _background(low: float, high: float, modality: Modality) -> float:
    """The value that `shaspec.preprocessing.normalise` maps to 0, like the padding of a window."""
    if modality.normalisation == "zscore":
        return 0.0
    if modality.normalisation == "fixed":
        return modality.mean
    if modality.normalisation == "minmax":
        return (low + high) / 2
    ends = modality.window or (0.0, 255.0)
    return ends[0] if modality.normalisation == "window" else sum(ends) / 2


def _told(invalid: Mask) -> str:
    """How much was replaced by background, and how much of it is inside the foreground."""
    spatial = invalid if invalid.ndim < 4 else invalid.any(axis=0)
    text = f"{invalid.mean():.1%} of it is NaN or marked as not measured: read as background"
    outside = ~scipy.ndimage.binary_fill_holes(~spatial)
    inside = int(np.count_nonzero(spatial & ~outside))
    return text + (f", {inside} of these voxels are enclosed by measured ones" if inside else "")
