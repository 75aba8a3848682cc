"""Intensity windows of a modality: presets, and level and width."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from napari_shaspec.layers.layer_data import contrast_limits
from shaspec.preprocessing import background, foreground

Limits = tuple[float, float]
"""The intensities that are drawn in black and in white."""

OPENED, FULL = "As opened", "Full range"
PERCENT, INSIDE = "1 to 99 %", "2 to 98 %, foreground"
HOUNSFIELD = {
    "Brain": (40, 80),
    "Abdomen": (50, 400),
    "Liver": (30, 150),
    "Lung": (-600, 1500),
    "Bone": (400, 1800),
}
"""Level and width in HU, as usual in radiology."""


def presets_of(*, ct: bool) -> tuple[str, ...]:
    """The names of the presets of a modality; for a CT those in Hounsfield units come first."""
    common = (OPENED, FULL, PERCENT, INSIDE)
    return (*HOUNSFIELD, *common) if ct else common


def limits_of(preset: str, volume: npt.NDArray[Any]) -> Limits:
    """The window of a preset. Slow: runs in a worker.

    Args:
        preset: one of `presets_of`.
        volume: intensities (*spatial); values that are not finite do not count.

    Returns:
        The lower and the upper intensity; the upper one is larger.
    """
    if preset in HOUNSFIELD:
        return ends(*HOUNSFIELD[preset])
    if preset == OPENED:
        return contrast_limits(volume)
    measured = np.isfinite(volume)
    if preset == INSIDE:
        filled = np.where(measured, volume, 0)
        inside = measured & foreground(filled, background(filled))
        measured = inside if inside.any() else measured
    values = volume[measured]
    if not values.size:
        return 0.0, 1.0
    share = {FULL: (0, 100), PERCENT: (1, 99), INSIDE: (2, 98)}[preset]
    low, high = (float(value) for value in np.percentile(values, share))
    return low, high if high > low else low + 1.0


def ends(level: float, width: float) -> Limits:
    """The limits of a window by its centre and its width."""
    return level - width / 2, level + width / 2


def level_width(limits: Limits) -> tuple[float, float]:
    """The centre and the width of a window."""
    low, high = limits
    return (low + high) / 2, high - low
