"""Intensities of one modality -> what a network sees. Never looks at another modality.

A mask or a crop taken from all volumes would tell the network about the absent ones, so every
function here takes exactly one volume.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt

from shaspec.errors import InputError
from shaspec.task import Modality

Array = npt.NDArray[Any]
Box = tuple[slice, ...]

FLAT = 0.25  # part of the outer faces that must hold one and the same value to be a background
CLIP = (0.1, 99.9)  # percentiles of the foreground beyond which intensities are cut off
BYTES = (0.0, 255.0)  # of a picture
PICTURE = ("range", "minmax", "fixed")  # normalisations that know no background
SAMPLE = 200_000  # foreground voxels that the percentiles are taken from


def background(volume: Array) -> float | None:
    """The value around the head: the most frequent one on the outer faces of ``volume`` (S, P, L).

    0 for skull-stripped volumes, whatever a scanner or a resampling put there for others. None if
    no value covers a quarter of the faces (noise, or tissue up to the edge): then there is no
    background, and every voxel counts.
    """
    faces = [volume.take(i, axis).ravel() for axis in range(volume.ndim) for i in (0, -1)]
    values, counts = np.unique(np.concatenate(faces), return_counts=True)
    most = int(counts.argmax())
    return float(values[most]) if counts[most] >= FLAT * counts.sum() else None


def foreground(volume: Array, value: float | None) -> npt.NDArray[np.bool_]:
    """Mask of the voxels that are not background ``value`` (all of them for None)."""
    if value is None:
        return np.ones(volume.shape, bool)
    if value == 0 or volume.dtype.kind in "iu":
        return np.asarray(volume != value)
    # Interpolation between equal numbers differs from them by rounding only.
    return np.asarray(np.abs(volume - value) > 1e-5 * max(abs(value), float(np.ptp(volume))))


def foreground_box(volume: Array) -> Box:
    """The smallest box with every voxel of ``volume`` (S, P, L) that is not background.

    The whole volume if there is no background, or nothing else.
    """
    return _box(foreground(volume, background(volume)))


def content_box(volume: Array, modality: Modality) -> Box:
    """The spatial box of a normalised volume (*spatial) or (C, *spatial) that is worth a look.

    Where any channel has foreground; all of a picture, which has no background: its most frequent
    border colour may well be what is to be found.
    """
    if modality.normalisation in PICTURE:
        shape = volume.shape if modality.channels == 1 else volume.shape[1:]
        return tuple(slice(0, n) for n in shape)
    channels = [volume] if modality.channels == 1 else volume
    return _box(np.any([foreground(c, background(c)) for c in channels], axis=0))


def normalise(volume: Array, modality: Modality) -> npt.NDArray[np.float32]:
    """``volume`` (*spatial), as stored -> float32 of about mean 0 and deviation 1, same shape.

    ``zscore``: foreground intensities are cut off at the 0.1 and 99.9 percentile and standardised;
    the background becomes exactly 0. The result does not depend on the scale of the input.
    ``window``: intensities are clipped to ``modality.window``, whose ends become 0 and 2 sqrt(3)
    (deviation 1 if intensities were spread evenly). So air is exactly 0 in a CT, as the background
    of other scans is, and as whatever pads a window or a crop.
    ``range``: the middle becomes 0 and the ends +-sqrt(3), by default from 0 to 255: pictures,
    which have no background.
    ``minmax``: the same from the smallest to the largest value of this very picture: depth maps,
    whose unit is often unknown.
    ``fixed``: the mean and deviation of a whole data set, which the task states, become 0 and 1.

    The channels (C, *spatial) of a modality are standardised one by one (``zscore``), or share one
    range, which keeps the colours apart (all others).
    """
    if modality.normalisation == "zscore":
        if modality.channels == 1:
            return _zscored(volume)
        return np.stack([_zscored(channel) for channel in volume])
    if modality.normalisation == "fixed":
        return np.asarray((volume - modality.mean) / modality.deviation, np.float32)
    low, high = _range(volume, modality)
    zero = low if modality.normalisation == "window" else (low + high) / 2
    return _ranged(volume, low, high, zero)


def _zscored(volume: Array) -> npt.NDArray[np.float32]:
    value = background(volume)
    mask = foreground(volume, value)
    box = _box(mask)
    mask = mask[box]
    voxels = volume[box][mask].astype(np.float32)
    out = np.zeros(volume.shape, np.float32)
    if voxels.size:
        out[box][mask] = _standardised(voxels)
    return out


def _standardised(voxels: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """Clipped and standardised foreground (n,)."""
    low, high = np.percentile(voxels[:: math.ceil(voxels.size / SAMPLE)], CLIP)
    if low < high:  # else: nearly all voxels are equal, and the few others are all there is
        np.clip(voxels, np.float32(low), np.float32(high), out=voxels)
    mean = voxels.mean(dtype=np.float64)
    voxels -= np.float32(mean)
    deviation = math.sqrt(float(np.square(voxels, dtype=np.float64).mean()))
    if deviation > 1e-6 * abs(mean):
        voxels /= np.float32(deviation)
    else:  # one single value, e.g. a mask
        voxels[:] = 0
    return voxels


def _range(volume: Array, modality: Modality) -> tuple[float, float]:
    """The intensities that become the ends of the range."""
    if modality.normalisation == "minmax":
        low, high = float(volume.min()), float(volume.max())
        return low, high if high > low else low + 1.0  # a constant becomes a constant
    default = BYTES if modality.normalisation == "range" else None
    window = modality.window or default
    if window is None or not window[0] < window[1]:
        raise InputError(
            f"modality {modality.name} is normalised by a window, but has none; add e.g. "
            "window = [-160, 240] to the task file"
        )
    return window


def _ranged(volume: Array, low: float, high: float, zero: float) -> npt.NDArray[np.float32]:
    out = np.clip(volume, low, high).astype(np.float32)
    out -= np.float32(zero)
    out *= np.float32(2 * math.sqrt(3) / (high - low))
    return out


def _box(mask: npt.NDArray[np.bool_]) -> Box:
    """Bounding box of a mask; everything if the mask is empty."""
    box = []
    for axis in range(mask.ndim):
        others = tuple(a for a in range(mask.ndim) if a != axis)
        hit = np.flatnonzero(mask.any(axis=others))
        box.append(slice(int(hit[0]), int(hit[-1]) + 1) if hit.size else slice(None))
    return tuple(box)
