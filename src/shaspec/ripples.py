"""Ripples around a stripped brain, which are background, not tissue.

Resampling with splines or a windowed sinc leaves small values of both signs around every sharp
edge. Around a brain they fill some voxels of what was exactly 0.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import scipy

Array = npt.NDArray[Any]
Mask = npt.NDArray[np.bool_]

LOW = 0.5  # intensity of ripples above 0, as a fraction of the depth of the deepest below 0
DEEPEST = 0.5  # depth of the deepest, as a fraction of the brightest tissue; standardised: more
SHALLOW = 0.8  # median depth, as a fraction of the deepest; of a second background: about 1
TINY = 0.02  # depth, as a fraction of the brightest tissue, of ripples that may be equally deep
PLAIN = 0.1  # depth, as a fraction of the deepest, of a ripple that is plainly one
RARE = 0.35  # such ripples per voxel above all ripples; of standardised scans more than 1
REACH = 2  # voxels between a ripple above 0 and one below
ROUNDING = 1e-5  # of the range of a volume; closer to 0 nothing was measured
FEWEST = 8  # voxels
TAILS = (99.5, 99)  # percentiles of depth, and of the intensity of tissue, without outliers


def ripple_limit(volume: Array, sample: Array) -> float:
    """The intensity below which a voxel may be a ripple; 0 if ``volume`` has none.

    Where resampling hardly moved a scan, ripples are errors of rounding. Otherwise they are few,
    most are shallower than the deepest, and that is less deep than tissue is bright. In
    standardised scans, of which half is negative, this is not so.

    Args:
        volume: (*spatial), as stored.
        sample: some of its voxels (n,), to tell fast that none is negative.
    """
    if volume.dtype.kind == "u" or not (sample < 0).any():
        return 0.0
    width = _width(volume)
    depths = -volume[volume < -width].astype(np.float64)
    tissue = volume[volume > width]
    if not depths.size and tissue.size:
        return width
    if depths.size < FEWEST or not tissue.size:
        return 0.0
    deepest = float(np.percentile(depths, TAILS[0]))
    bright = float(np.percentile(tissue, TAILS[1]))
    shallow = float(np.median(depths)) < SHALLOW * deepest or deepest < TINY * bright
    plain = np.count_nonzero(depths > PLAIN * deepest)
    rare = plain < RARE * np.count_nonzero(tissue > LOW * deepest)
    return LOW * deepest if shallow and rare and deepest < DEEPEST * bright else 0.0


def ripples(volume: Array, limit: float) -> Mask:
    """Mask of ripples: negative voxels, and those below ``limit`` that are close to one."""
    width = _width(volume)
    below = np.asarray(volume < -width)
    near = scipy.ndimage.binary_dilation(below, iterations=REACH)
    return np.asarray((volume <= width) | (near & (volume < limit)))


def _width(volume: Array) -> float:
    return ROUNDING * (float(volume.max()) - float(volume.min()))
