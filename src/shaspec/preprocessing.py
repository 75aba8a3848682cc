"""Normalisation of one modality, independent of all others.

A mask or a crop computed from all volumes would reveal absent modalities to the network, so every
function here takes exactly one volume.

Whether a voxel is background depends on its value, not on its position: cropping through the head,
cutting a slab or padding with zeros does not change any other voxel. `background` and `foreground`
define the rule; statistics are computed over the foreground only.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt

from shaspec.errors import InputError
from shaspec.ripples import ripple_limit, ripples
from shaspec.task import Modality

Array = npt.NDArray[Any]
Mask = npt.NDArray[np.bool_]
Box = tuple[slice, ...]

SHARE = 0.25  # minimum share of a background other than 0 among voxels that are not 0; or:
APART = 0.5  # distance below all other values, as a fraction of their range, and
GAP = 0.25  # distance of a background from tissue, likewise, above which they do not blend
REPEATED = 8  # minimum number of voxels in the sample with that value
SPREAD = 0.1  # maximum share of a single value in a continuum
ROUNDING = 1e-5  # relative error of interpolation between equal numbers
NOISE = 0.005  # isolated background voxels per foreground voxel, above which they are noise
SCATTERED = 100  # fewer isolated voxels are never noise
CLIP = (0.1, 99.9)  # percentiles of the foreground at which intensities are clipped
BYTES = (0.0, 255.0)  # range of a picture
PICTURE = ("range", "minmax", "fixed")  # normalisations without a background
CACHED = 100_000  # voxels of a mask that fit into the cache of a CPU
SAMPLE = 200_000  # voxels sampled for percentiles and the most frequent value


def background(volume: Array) -> float | None:
    """The value of voxels of ``volume`` (*spatial) that were not measured, if there is one.

    The first of these that applies, regardless of the number of zeros:

    1. a value other than 0 that is separate from a continuum, in which no value has more than a
       tenth of the voxels: a quarter of all voxels that are not 0 have it, ten times as many as any
       other value; or several voxels have it, and it is below all others by half their range
       (e.g. -1024);
    2. 0 if the volume has zeros: it is stripped, padded, or a crop of such a volume; or if it has
       ripples around 0 (see `foreground`);
    3. None: every voxel is foreground, as in a crop inside the head.

    A background other than 0 with an intensity adjacent to the tissue is not detected in a crop
    with less than a quarter of it, since quantised or saturated tissue looks the same.
    """
    sample = _sample(volume)
    if (value := _standing_out(sample[sample != 0])) is not None:
        return value
    zeros = (sample == 0).any() or (volume == 0).any()
    return 0.0 if zeros or ripple_limit(volume, sample) else None


def foreground(volume: Array, value: float | None) -> Mask:
    """Mask (*spatial) of the voxels that are not background ``value``; all voxels for None.

    In a scan with noisy air, single voxels have the value by chance. If many voxels of that value
    have no equal neighbour, only voxels in a block of 2 voxels in every direction count as
    background; outside the volume everything counts as background. In a volume with a background
    other than 0, blocks of zeros are padding and not foreground either.

    Resampling a stripped scan with splines or a windowed sinc leaves ripples around the brain,
    small values of both signs. They are background: what is negative, and what is small and close
    to something negative.
    """
    if value is None:
        return np.ones(volume.shape, bool)
    if value == 0 or volume.dtype.kind in "iu":
        inside = np.asarray(volume != value)
    else:
        tolerance = ROUNDING * max(abs(value), float(np.ptp(volume)))
        inside = np.asarray(np.abs(volume - value) > tolerance)
    if _noisy(inside):
        inside = ~_blocks(~inside)
    if value != 0 and (zeros := volume == 0).any():
        inside &= ~_blocks(zeros)
    if abs(value) < 1 and (low := ripple_limit(volume, _sample(volume))):
        inside &= ~ripples(volume, low)
    return inside


def foreground_box(volume: Array) -> Box:
    """The smallest box with every voxel of ``volume`` (*spatial) that is not background.

    The whole volume if there is no background or no foreground.
    """
    return bounding_box(foreground(volume, background(volume)))


def bounding_box(mask: Mask | npt.NDArray[np.uint8]) -> Box:
    """The smallest box with all of a mask, or of a label map; the whole volume if it is empty."""
    box: list[slice] = []
    for axis, size in enumerate(mask.shape):
        others = tuple(a for a in range(mask.ndim) if a != axis)
        hit = np.flatnonzero(mask.max(axis=others, initial=0))
        box.append(slice(int(hit[0]), int(hit[-1]) + 1) if hit.size else slice(0, size))
        mask = mask[(slice(None),) * axis + (box[-1],)]
    return tuple(box)


def fill_value(volume: Array, modality: Modality) -> float:
    """The fill value outside ``volume`` (*spatial) as stored, e.g. for resampling.

    ``zscore``: its background, or 0, which then becomes its background. ``window``: the value that
    is normalised to 0, the dark end of the window or less. Otherwise the smallest value.
    """
    if modality.normalisation == "zscore":
        return background(volume) or 0.0
    low = float(volume.min())
    return min(low, modality.window[0]) if modality.window else low


def near_background(volume: Array, modality: Modality) -> Array:
    """``volume`` (*spatial) with a background next to its tissue, so that it can be interpolated.

    Between a background of -1024 and tissue, interpolation gives intensities far from both, which
    would count as tissue. Only standardised modalities (``zscore``) are changed.
    """
    value = background(volume) if modality.normalisation == "zscore" else None
    inside = foreground(volume, value)
    if not value or not inside.any():
        return volume
    tissue = volume[inside]
    low = min(float(tissue.min()), 0.0)
    if low - value <= GAP * float(np.ptp(tissue)):
        return volume
    near = np.where(inside, volume, volume.dtype.type(low))
    return near if background(near) == low else volume


def content(channels: Array, modality: Modality) -> Mask:
    """Mask (*spatial) of the content of a normalised volume (C, *spatial).

    Voxels with a channel that is not 0, the background of all normalised volumes. All of a picture:
    it has no background, and its most frequent colour may belong to a region.
    """
    if modality.normalisation in PICTURE:
        return np.ones(channels.shape[1:], bool)
    return np.asarray((channels != 0).any(axis=0))


def content_box(volume: Array, modality: Modality) -> Box:
    """The smallest box around the `content` of a normalised volume; the whole volume if empty.

    ``volume`` is as `normalise` gives it: (*spatial), or (C, *spatial) of several channels.
    """
    return bounding_box(content(volume if modality.channels > 1 else volume[None], modality))


def normalise(volume: Array, modality: Modality) -> npt.NDArray[np.float32]:
    """``volume`` (*spatial), as stored -> float32 of about mean 0 and deviation 1, same shape.

    ``zscore``: foreground intensities are clipped to the 0.1 and 99.9 percentile and standardised;
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
    mask = foreground(volume, background(volume))
    box = bounding_box(mask)
    mask = mask[box]
    voxels = volume[box][mask].astype(np.float32)
    out = np.zeros(volume.shape, np.float32)
    if voxels.size:
        out[box][mask] = _standardised(voxels)
    return out


def _standardised(voxels: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """Clipped and standardised foreground (n,)."""
    low, high = np.percentile(voxels[:: math.ceil(voxels.size / SAMPLE)], CLIP)
    if low < high:  # else: nearly all voxels are equal
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
            f"modality {modality.name} is normalised by a window, but has none: add e.g. "
            "window = [-160, 240] to the task file"
        )
    return window


def _ranged(volume: Array, low: float, high: float, zero: float) -> npt.NDArray[np.float32]:
    out = np.clip(volume, low, high).astype(np.float32)
    out -= np.float32(zero)
    out *= np.float32(2 * math.sqrt(3) / (high - low))
    return out


def _sample(volume: Array) -> Array:
    """Voxels (n,) on a lattice over the whole volume; all of them if there are few."""
    step = math.ceil((volume.size / SAMPLE) ** (1 / volume.ndim))
    return np.asarray(volume[(slice(None, None, step),) * volume.ndim]).ravel()


def _standing_out(sample: Array) -> float | None:
    """The value of ``sample`` (n,) that is separate from the continuum of tissue, if any."""
    if not sample.size:
        return None
    low, high = float(sample.min()), float(sample.max())
    if low == high:
        return None
    if sample.dtype.kind in "iu" and high - low < 1 / ROUNDING:  # the same, without empty bins
        bins = np.subtract(sample, int(low), dtype=np.intp)
    else:
        width = ROUNDING * max(abs(low), abs(high), high - low)
        bins = np.rint((sample - np.float64(low)) / width).astype(np.intp)  # at most 1 / ROUNDING
    counts = np.bincount(bins)
    places = np.flatnonzero(counts > 0)  # faster than of the numbers
    counts = counts[places]
    for index in (int(counts.argmax()), 0):
        count, others = counts[index], np.delete(counts, index)
        often = others.max(initial=0)
        if often > SPREAD * others.sum():
            continue  # a mask, or tissue of a few values: undecidable
        filling = count >= SHARE * sample.size and often <= SPREAD * count
        apart = index == 0 and places[1] >= APART * (places[-1] - places[1])
        if filling or (apart and count >= REPEATED):
            return float(np.median(sample[bins == places[index]]))
    return None


def _noisy(inside: Mask) -> bool:
    """Return whether background voxels are scattered in the foreground, as in noise."""
    planes = max(1, CACHED * len(inside) // max(1, inside.size))
    parts = (inside[k : k + planes] for k in range(0, len(inside), planes))
    alone = sum(np.count_nonzero((p[..., :-2] & p[..., 2:]) > p[..., 1:-1]) for p in parts)
    return bool(alone > max(SCATTERED, NOISE * np.count_nonzero(inside)))


def _blocks(mask: Mask) -> Mask:
    """Opening of ``mask`` by a cube of 2 voxels; ``mask`` counts as set outside the volume."""
    out = np.pad(mask, 1, constant_values=True)
    for combine in (np.logical_and, np.logical_or):
        for axis in range(mask.ndim):
            n = out.shape[axis]
            out = combine(out.take(range(n - 1), axis), out.take(range(1, n), axis))
    return out
