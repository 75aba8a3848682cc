"""Checks of single volumes as they were stored: masks, copies, CT units and voxel sizes."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from itertools import combinations

import numpy as np

from shaspec.io.findings.scan import Array, Finding, Scan

SAMPLE = 4096  # voxels that show whether a volume has many values
MASK_VALUES = 2  # a volume with at most so many distinct values is a mask
LABEL_VALUES = 8
ROUNDING = 1e-3  # of the range of a volume; values this close together are one value
FEWEST = 5  # sampled voxels of a value; fewer are outliers
TOP = 0.3  # share of the largest value among voxels above the smallest; real scans: 0.0001
SAME = 0.999  # correlation of a scan with its copy; real scans of one head: at most 0.8
WIDE_MM = 700.0  # mm; every head or trunk is narrower
THICK_MM = 12.0
FEW_SLICES = 3  # a scan of so few shows nothing of what is above and below a voxel


def few_values(array: Array, most: int = LABEL_VALUES) -> list[float]:
    """The distinct values of ``array`` if there are at most ``most``, else an empty list."""
    sample = _sample(array, SAMPLE)
    if np.unique(sample).size > most:  # fast; enough for most scans
        return _clusters(array, most) if array.dtype.kind == "f" else []
    values = np.unique(array)
    return [float(v) for v in values] if values.size <= most else _clusters(array, most)


def _clusters(array: Array, most: int) -> list[float]:
    """The values of a mask or label map with rounding errors; empty if there are more."""
    for size in (SAMPLE, 16 * SAMPLE):
        values = np.sort(_sample(array, size).astype(np.float64))
        width = ROUNDING * float(np.ptp(values))
        parts = np.split(values, np.flatnonzero(np.diff(values) > width) + 1)
        if not 1 < len(parts) <= most or max(float(np.ptp(part)) for part in parts) > width:
            return []
    if min(len(part) for part in parts) < FEWEST:
        return []
    return [float(np.rint(part[len(part) // 2] / width)) * width + 0.0 for part in parts]


def _sample(array: Array, size: int) -> Array:
    """About ``size`` voxels at equal distances, in all columns of the last axis."""
    step = max(1, array.size // size)
    while math.gcd(step, array.shape[-1]) > 1:
        step += 1
    return array.ravel()[::step]


def _top(array: Array) -> float:
    """The share of voxels with the largest value among those above the smallest."""
    sample = _sample(array, 4 * SAMPLE).astype(np.float64)
    low, high = float(sample.min()), float(sample.max())
    width = ROUNDING * (high - low)
    above = int(np.count_nonzero(sample > low + width))
    return int(np.count_nonzero(sample >= high - width)) / max(above, SAMPLE // 100)


def masks(scans: Sequence[Scan]) -> Iterator[Finding]:
    """Find masks and label maps passed as scans."""
    for scan in scans:
        values = few_values(scan.array) if scan.continuous else []
        shown = ", ".join(f"{v:.4g}" for v in values)
        where = scan.path or scan.modality.name
        if not values:
            top = _top(scan.array) if scan.modality.normalisation == "zscore" else 0.0
            if top > TOP:
                yield Finding(
                    "refuse",
                    f"{where}: {top:.0%} of {scan.modality.name} without its background has the "
                    "largest value, so it is a mask or a probability map, not a scan",
                    f"pass the scan ({scan.modality.name}=file), or leave it out with --present",
                )
        elif len(values) <= MASK_VALUES:
            yield Finding(
                "refuse",
                f"{where}: {scan.modality.name} has only the values {shown}, so it is a mask, not "
                "a scan",
                f"pass the scan ({scan.modality.name}=file), or leave it out with --present",
            )
        else:
            yield Finding(
                "warning",
                f"{scan.shown} has only the values {shown}, like a label map",
                "check that it is the scan",
                of_roles=True,
            )


def twins(scans: Sequence[Scan]) -> Iterator[Finding]:
    """Find the same scan under two names; Hounsfield units of two phases may be proportional."""
    samples = [_sample(scan.array, SAMPLE) for scan in scans]
    for (one, first), (other, second) in combinations(zip(scans, samples, strict=True), 2):
        if one.array.shape != other.array.shape:
            continue
        same = np.array_equal(first, second) and np.array_equal(one.array, other.array)
        free = all(scan.continuous and not scan.modality.is_ct for scan in (one, other))
        if same or (free and _scaled(first, second)):
            scale = "" if same else ", apart from their scale"
            yield Finding(
                "warning",
                f"{one.shown} and {other.shown} have the same voxels{scale}: one scan is given "
                "twice",
                "the copy counts as an acquired modality; leave it out with --present",
                of_roles=True,
            )


def sizes(scans: Sequence[Scan]) -> Iterator[Finding]:
    """Find voxel sizes, fields of view and slices that are impossible for a head or a trunk."""
    for scan in scans:
        if scan.grid is None:
            continue
        spacing = scan.grid.spacing
        extent = [n * mm for n, mm in zip(scan.grid.shape, spacing, strict=True)]
        if max(extent) > WIDE_MM or max(spacing) > THICK_MM:
            field = " x ".join(f"{mm:.0f}" for mm in extent)
            voxel = " x ".join(f"{mm:.3g}" for mm in spacing)
            yield Finding(
                "warning",
                f"{scan.shown} is {field} mm large, in voxels of {voxel} mm (S, P, L)",
                "if the header is wrong, correct its voxel size; else crop it to the body",
            )
        fewest = min(scan.grid.shape)
        if fewest <= FEW_SLICES:
            yield Finding(
                "warning",
                f"{scan.shown} has only {fewest} slice{'s' if fewest > 1 else ''}, and the models "
                "are made for volumes",
                "use all slices of the scan",
            )


def _scaled(one: Array, other: Array) -> bool:
    """Return whether samples say that one scan is the other with another scale, or rounded."""
    pair = np.stack([a.astype(np.float64) for a in (one, other)])
    inside = pair[:, (pair > pair.min(axis=1, keepdims=True)).all(axis=0)]
    if inside.shape[1] < SAMPLE // 100:
        return False
    centred = inside - inside.mean(axis=1, keepdims=True)
    lengths = np.linalg.norm(centred, axis=1)
    return bool(lengths.all() and centred[0] @ centred[1] > SAME * lengths.prod())
