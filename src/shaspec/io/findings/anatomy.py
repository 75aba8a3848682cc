"""Whether a case shows the anatomy that its task is for: a stripped brain, or an abdomen in CT."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt
import scipy

from shaspec.io.findings.coarse import Coarse, Mask
from shaspec.io.findings.scan import Finding
from shaspec.preprocessing import bounding_box

BRAIN_ML = (30.0, 2200.0)  # a stripped brain with its fluid; adults have 1100 to 1950
MANY = 60_000  # voxels; a brain or body of fewer is a crop, or made up
SHELLS = 7  # layers of the head from outside, 4 mm each
CUT_ML = 40.0  # of coarse voxels on one face of the volume, 100 cm2: the head is cut there
DARK = 0.6  # of what lies outside and inside of it has a skull; sound brains: 0.8 or more
TRUNK_MM = 220.0  # no trunk of an adult is narrower, no head wider
HU_BODY = -300.0
HU_AIR = (-1100.0, -900.0)
AIR_SHARE = 0.1  # of the voxels of a CT is air
FEWEST = 1000  # coarse voxels; a smaller head says nothing
LIKE = 0.2  # correlation of the halves of a head at least; sound ones have more
MIRRORED = 0.1  # the halves of a brain resemble each other more than other halves by so much


def skull(case: Coarse) -> Iterator[Finding]:
    """Skull and scalp where the task is for stripped brains."""
    if case.task.anatomy != "brain":
        return
    names, why = _too_large(case), "more of it is foreground than a brain has"
    if not names:
        names, why = _skulls(case), "a dark layer lies below a bright one, as skull below scalp"
    if names:
        yield Finding(
            "warning",
            f"{', '.join(names)}: the skull seems not to be stripped; {why}",
            "strip it from all scans, e.g. with HD-BET or SynthStrip, because the model was "
            "trained on brains alone",
        )


def _too_large(case: Coarse) -> list[str]:
    """Scans whose foreground is larger than a brain."""
    most = BRAIN_ML[1] / case.voxel_ml
    return [name for name, mask in case.foregrounds.items() if np.count_nonzero(mask) > most]


def _skulls(case: Coarse) -> list[str]:
    """Scans of a part of a head in which a layer near the surface is much darker than its sides.

    A whole head is larger than a brain, so that this is asked where the field of view cuts it off.
    """
    faces = [case.anywhere.take(end, axis) for axis in range(3) for end in (0, -1)]
    if max(np.count_nonzero(face) for face in faces) * case.voxel_ml < CUT_ML:
        return []
    rest = np.asarray(scipy.ndimage.binary_fill_holes(case.anywhere))
    layers: list[Mask] = []
    for _ in range(SHELLS):
        # A face of the volume is no surface.
        inner = scipy.ndimage.binary_erosion(rest, border_value=1)
        layers.append(rest & ~inner)
        rest = inner
    if not all(layer.any() for layer in layers):
        return []
    return [name for name, scan in case.scans.items() if _is_dark([scan[m] for m in layers])]


def _is_dark(layers: list[npt.NDArray[np.float32]]) -> bool:
    """Whether layers 2 to 4 from outside are darker than those outside and inside of them."""
    bright = [float(np.median(layer)) for layer in layers]
    return min(bright[1:4]) < DARK * min(max(bright[:3]), float(np.mean(bright[4:])))


def size(case: Coarse) -> Iterator[Finding]:
    """A brain, or a body, that is far too small for the task."""
    for name, scan in case.scans.items():
        if case.task.anatomy == "brain":
            number = np.count_nonzero(case.foregrounds[name])
            ml = number * case.voxel_ml
            if ml < BRAIN_ML[0] and number * case.block > MANY:
                yield Finding(
                    "warning",
                    f"{name} shows {ml:.3g} mL, much less than a human brain",
                    "see that the voxel size in its header is right",
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
                    "see that it is a scan of the abdomen, and its voxel size right",
                )
                return


def _width(body: Mask, spacing: tuple[float, ...]) -> float | None:
    """Width of the largest part of a body in mm; None where the field of view cuts it off."""
    parts, number = scipy.ndimage.label(scipy.ndimage.binary_erosion(body))  # the couch falls away
    if not number:
        return None
    largest = parts == np.bincount(parts.ravel())[1:].argmax() + 1
    box = bounding_box(largest)[1:]
    whole = largest.shape[1:]
    if any(s.start <= 1 or s.stop >= n - 1 for s, n in zip(box, whole, strict=True)):
        return None
    return float(max((s.stop - s.start) * mm for s, mm in zip(box, spacing[1:], strict=True)))


def unit(case: Coarse) -> Iterator[Finding]:
    """CT where the task is for MR: its air is at -1000. (MR for CT: see `hounsfield`.)"""
    for name, scan in case.scans.items():
        if case.task.modality(name).window is None:
            air = np.count_nonzero((scan > HU_AIR[0]) & (scan < HU_AIR[1]))
            if air > AIR_SHARE * scan.size:
                yield Finding(
                    "warning",
                    f"{name} looks like CT: {air / scan.size:.0%} of its voxels are near -1000, as "
                    f"air is in Hounsfield units",
                    f"give the scan that {name} stands for, or choose another model",
                )


def axes(case: Coarse) -> Iterator[Finding]:
    """A head in a bare array whose sides are not along the last axis: another axis order."""
    if case.from_file or case.task.anatomy not in ("brain", "head"):
        return
    if np.count_nonzero(case.anywhere) < FEWEST:
        return
    found = np.mean([_mirror(scan, case.anywhere) for scan in case.scans.values()], axis=0)
    best = int(found.argmax())
    if best != 2 and found[best] > max(LIKE, found[2] + MIRRORED):
        yield Finding(
            "warning",
            f"the left and right halves of the head seem to lie along axis {best} of the array "
            f"(axes 0, 1, 2), not along axis 2",
            "give arrays in the order (superior, posterior, left), e.g. np.transpose(a, (2, 1, 0)) "
            "for an array as nibabel gives it",
        )


def _mirror(scan: npt.NDArray[np.float32], inside: Mask) -> list[float]:
    """How much a brain resembles its mirror image along every axis: a correlation."""
    box = bounding_box(inside)
    mask = inside[box]
    values = np.where(mask, scan[box], 0)
    found = []
    for axis in range(3):
        either = mask | np.flip(mask, axis)
        both = np.stack([values[either], np.flip(values, axis)[either]])
        found.append(float(np.corrcoef(both)[0, 1]) if (both.std(axis=1) > 0).all() else 0.0)
    return found
