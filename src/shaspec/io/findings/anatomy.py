"""Checks of the anatomy that a task expects: a stripped brain, or an abdomen in CT."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt
import scipy

from shaspec.io.findings.coarse import Coarse, Mask
from shaspec.io.findings.scan import Finding
from shaspec.preprocessing import bounding_box

BRAIN_ML = (30.0, 2200.0)  # mL of a stripped brain with its fluid; adults have 1100 to 1950
MANY = 60_000  # voxels; a smaller brain or body is a crop or synthetic
WHOLE_ML = 400.0  # mL of a brain that the field of view does not crop; newborns have 350
WHOLE = 150_000  # voxels, likewise
CROPPED = 0.3  # area of a head on a face of the volume, relative to its largest section
SHELLS = 7  # layers of the head from the surface inwards, 4 mm each
CUT_ML = 40.0  # coarse voxels on one face (100 cm2): the head is cropped
DARK = 0.6  # relative intensity of a skull to both neighbouring layers; without a skull 0.8 or more
TRUNK_MM = 220.0  # mm; every trunk of an adult is wider, every head narrower
HU_BODY = -300.0
HU_AIR = (-1100.0, -900.0)
PADDING = 0.9  # share of one number among the values near -1000; air in CT has noise
HU_BRAIN = (10.0, 100.0)
AIR_SHARE = 0.1  # share of air among the voxels of a CT
FEWEST = 1000  # coarse voxels; smaller heads are not judged
LIKE = 0.2  # smallest correlation between the halves of a head; intact heads have more
MIRRORED = 0.1  # margin by which left and right correlate better than other halves
TURNED = (0.45, 0.25)  # likewise, to doubt a header by one scan or several; sound: 0.41, 0.2
DIRECTIONS = ("one above the other", "one behind the other", "side by side")


def skull(case: Coarse) -> Iterator[Finding]:
    """Find skull and scalp if the task requires stripped brains."""
    if case.task.anatomy != "brain":
        return
    names, why = _too_large(case), "its foreground is larger than a brain"
    if not names:
        names, why = _skulls(case), "a dark layer lies below a bright one, as skull below scalp"
    if names:
        yield Finding(
            "warning",
            f"{', '.join(names)}: the skull does not seem to be stripped; {why}",
            "strip it with shaspec prepare, or all scans with another program, because the model "
            "was trained on brains alone; if it is stripped, check its voxel size",
        )


def _too_large(case: Coarse) -> list[str]:
    """Find scans whose foreground is larger than a brain."""
    most = BRAIN_ML[1] / case.voxel_ml
    return [name for name, mask in case.foregrounds.items() if np.count_nonzero(mask) > most]


def _skulls(case: Coarse) -> list[str]:
    """Find parts of a head with a layer near the surface much darker than its neighbours.

    A whole head is larger than a brain, so this check is for heads cropped by the field of view.
    """
    faces = [case.anywhere.take(end, axis) for axis in range(3) for end in (0, -1)]
    if max(np.count_nonzero(face) for face in faces) * case.voxel_ml < CUT_ML:
        return []
    rest = np.asarray(scipy.ndimage.binary_fill_holes(case.anywhere))
    layers: list[Mask] = []
    for _ in range(SHELLS):
        # A face of the volume is not a surface.
        inner = scipy.ndimage.binary_erosion(rest, border_value=1)
        layers.append(rest & ~inner)
        rest = inner
    if not all(layer.any() for layer in layers):
        return []
    return [name for name, scan in case.scans.items() if _is_dark([scan[m] for m in layers])]


def _is_dark(layers: list[npt.NDArray[np.float32]]) -> bool:
    """Whether layers 2 to 4 from the surface are darker than the layers on both sides."""
    bright = [float(np.median(layer)) for layer in layers]
    return min(bright[1:4]) < DARK * min(max(bright[:3]), float(np.mean(bright[4:])))


def size(case: Coarse) -> Iterator[Finding]:
    """Find a brain or body that is far too small for the task."""
    for name, scan in case.scans.items():
        if case.task.anatomy == "brain":
            number = np.count_nonzero(case.foregrounds[name])
            ml = number * case.voxel_ml
            voxels = number * case.block
            small = ml < BRAIN_ML[0] and voxels > MANY
            if small or (ml < WHOLE_ML and voxels > WHOLE and _is_whole(case.foregrounds[name])):
                yield Finding(
                    "warning",
                    f"{name} shows {ml:.3g} mL, much less than a human brain",
                    "check the voxel size in its header",
                )
                return
        elif case.task.anatomy == "abdomen":
            body = scan > HU_BODY
            width = _width(body, case.spacing)
            many = np.count_nonzero(body) * case.block > MANY
            if many and width is not None and width < TRUNK_MM:
                yield Finding(
                    "warning",
                    f"{name} shows a body {width:.0f} mm wide: too narrow for the abdomen of an "
                    "adult",
                    "check that it is a scan of the abdomen and that its voxel size is right",
                )
                return


def assumed_size(case: Coarse) -> Iterator[Finding]:
    """Find a head that is too small because its voxel size is not known and was assumed."""
    if case.task.anatomy not in ("brain", "head"):
        return
    ml = max(np.count_nonzero(mask) for mask in case.foregrounds.values()) * case.voxel_ml
    if ml < WHOLE_ML:
        yield Finding(
            "warning",
            f"no voxel size is given, so 1 mm was assumed: the head then has {ml:.3g} mL, less "
            "than a human brain",
            "give the voxel size: spacing of an array, scale of a layer in mm",
        )


def _is_whole(head: Mask) -> bool:
    """Whether the field of view crops no large part of a head."""
    for axis in range(3):
        slices = np.count_nonzero(np.moveaxis(head, axis, 0), axis=(1, 2))
        if max(slices[0], slices[-1]) > CROPPED * slices.max():
            return False
    return True


def _width(body: Mask, spacing: tuple[float, ...]) -> float | None:
    """Width of the largest part of a body in mm; None if the field of view crops it."""
    eroded = scipy.ndimage.binary_erosion(body)  # removes the couch
    parts, number = scipy.ndimage.label(eroded)
    if not number:
        return None
    largest = parts == np.bincount(parts.ravel())[1:].argmax() + 1
    box = bounding_box(largest)[1:]
    whole = largest.shape[1:]
    if any(s.start <= 1 or s.stop >= n - 1 for s, n in zip(box, whole, strict=True)):
        return None
    return float(max((s.stop - s.start) * mm for s, mm in zip(box, spacing[1:], strict=True)))


def unit(case: Coarse) -> Iterator[Finding]:
    """Find CT in a task for MR: its air is at -1000. (MR in a task for CT: see `hounsfield`.)"""
    for name, scan in case.scans.items():
        if case.task.modality(name).window is None:
            air = np.count_nonzero((scan > HU_AIR[0]) & (scan < HU_AIR[1]))
            if air > AIR_SHARE * scan.size and not _padded(scan):
                yield Finding(
                    "warning",
                    f"{name} looks like CT: {air / scan.size:.0%} of its voxels are near -1000, as "
                    f"air is in Hounsfield units",
                    f"pass the {name} scan, or choose another model",
                )


def _padded(scan: npt.NDArray[np.float32]) -> bool:
    """Whether the values near -1000 are the background of an MR scan.

    They are one number then, no value inside the head is negative, as fat and air are in CT, and
    most are not those of a brain in CT.
    """
    air = scan[(scan > HU_AIR[0]) & (scan < HU_AIR[1])]
    value, number = scipy.stats.mode(air)
    if number < PADDING * air.size:
        return False
    inside = scipy.ndimage.binary_erosion(scan != value, iterations=2)
    values = scan[inside]
    if not values.size or values.min() < 0:
        return False
    return not HU_BRAIN[0] < float(np.median(values)) < HU_BRAIN[1]


def axes(case: Coarse) -> Iterator[Finding]:
    """Find a head with another axis order: left and right are not along the last axis."""
    if case.task.anatomy not in ("brain", "head"):
        return
    if np.count_nonzero(case.anywhere) < FEWEST:
        return
    every = (slice(None, None, 2 if case.from_file else 1),) * 3  # as sure, and ten times as fast
    inside = case.anywhere[every]
    gains = np.median([_mirror(scan[every], inside) for scan in case.scans.values()], axis=0)
    best = int(gains.argmax())
    margin = TURNED[len(case.scans) > 1] if case.from_file else MIRRORED
    if best == 2 or gains[best] <= max(LIKE, gains[2] + margin):
        return
    if case.from_file:
        yield Finding(
            "warning",
            f"the left and right halves of the head seem to lie {DIRECTIONS[best]} according to "
            "the headers, so the voxel axes may be permuted",
            "export the files again; arrays are (z, y, x) in SimpleITK and (x, y, z) in nibabel",
        )
    else:
        yield Finding(
            "warning",
            f"the left and right halves of the head seem to lie along axis {best} of the array "
            f"(axes 0, 1, 2), not along axis 2",
            "pass arrays in the order (superior, posterior, left), e.g. np.transpose(a, (2, 1, 0)) "
            "for an array from nibabel",
        )


def _mirror(scan: npt.NDArray[np.float32], inside: Mask) -> list[float]:
    """Correlation of a brain with its mirror image along every axis."""
    box = bounding_box(inside)
    mask = inside[box]
    values = np.where(mask, scan[box], 0)
    gains = []
    for axis in range(3):
        either = mask | np.flip(mask, axis)
        both = np.stack([values[either], np.flip(values, axis)[either]])
        gains.append(float(np.corrcoef(both)[0, 1]) if (both.std(axis=1) > 0).all() else 0.0)
    return gains
