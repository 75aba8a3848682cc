"""Checks of single volumes as they were stored: masks, copies, CT units and voxel sizes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import combinations

import numpy as np

from shaspec.io.findings.scan import Array, Finding, Scan

SAMPLE = 4096  # voxels that show whether a volume has many values
MASK_VALUES = 2  # a volume with at most so many distinct values is a mask
LABEL_VALUES = 8
HU_AIR = -500.0  # HU; a CT without values below this has no air
HU_RAW = 1000.0  # raw values of tissue exceed it
WIDE_MM = 700.0  # mm; every head or trunk is narrower
THICK_MM = 12.0


def few_values(array: Array, most: int = LABEL_VALUES) -> list[float]:
    """The distinct values of ``array`` if there are at most ``most``, else an empty list."""
    flat = array.ravel()
    if np.unique(flat[:: max(1, flat.size // SAMPLE)]).size > most:  # fast; enough for most scans
        return []
    values = np.unique(flat)
    return [float(v) for v in values] if values.size <= most else []


def masks(scans: Sequence[Scan]) -> Iterator[Finding]:
    """Find masks and label maps passed as scans."""
    for scan in scans:
        values = few_values(scan.array) if scan.continuous else []
        if not values:
            continue
        shown = ", ".join(f"{v:g}" for v in values)
        where = scan.path or scan.modality.name
        if len(values) <= MASK_VALUES:
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
    """Find the same scan under two names."""
    for one, other in combinations(scans, 2):
        if one.array.shape == other.array.shape and _equal(one.array, other.array):
            yield Finding(
                "warning",
                f"{one.shown} and {other.shown} have the same voxels: one scan is given twice",
                "the copy counts as an acquired modality; leave it out with --present",
                of_roles=True,
            )


def hounsfield(scans: Sequence[Scan]) -> Iterator[Finding]:
    """Find CT whose values are not Hounsfield units: no voxel is darker than water."""
    for scan in scans:
        if not scan.modality.is_ct:
            continue
        low, high = float(scan.array.min()), float(scan.array.max())
        if low < 0:
            continue
        where = scan.path or scan.modality.name
        if high > HU_RAW:
            yield Finding(
                "refuse",
                f"{where}: the values of {scan.modality.name} reach from {low:g} to {high:g}, so "
                "they are not Hounsfield units: no voxel is as dark as air or fat",
                "apply the rescale intercept of the DICOM files, usually -1024, and save it again",
            )
        else:
            yield Finding(
                "warning",
                f"{scan.shown} reaches from {low:g} to {high:g}, without a voxel as dark as air or "
                "fat: these may not be Hounsfield units",
                "check that it was exported with its full range",
            )


def sizes(scans: Sequence[Scan]) -> Iterator[Finding]:
    """Find voxel sizes and fields of view that are impossible for a head or a trunk."""
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


def _equal(one: Array, other: Array) -> bool:
    step = max(1, one.size // SAMPLE)
    same = np.array_equal(one.ravel()[::step], other.ravel()[::step])
    return bool(same and np.array_equal(one, other))
