"""Whether the voxels of a converted volume are those that the DICOM files place there."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import nibabel
import numpy as np
import pydicom
from pydicom.uid import ImplicitVRLittleEndian

TOLERANCE = 0.51
"""Largest difference of a value: rescaled values may be rounded."""


def voxels_right(written: Path, files: Sequence[Path]) -> str:
    """Compare all pixels of ``files`` with the volume; empty if they agree, else what is wrong."""
    image = nibabel.load(written)
    data, to_voxel = np.asanyarray(image.dataobj), np.linalg.inv(image.affine)
    frames = 0
    for path in files:
        with warnings.catch_warnings(action="ignore"):
            found = pydicom.dcmread(path, force=True)
            for position, axes, spacing, pixels in _frames(found):
                frames += 1
                wrong = _compare(data, to_voxel, position, axes, spacing, pixels)
                if wrong:
                    return f"{path.name}: {wrong}"
    return "" if frames == min(data.shape) or frames in data.shape else f"{frames} slices"


def _compare(data: Any, to_voxel: Any, position: Any, axes: Any, spacing: Any, pixels: Any) -> str:
    rows, columns = np.indices(pixels.shape)
    lps = (
        position[:, None]
        + axes[:3, None] * spacing[1] * columns.ravel()
        + axes[3:, None] * spacing[0] * rows.ravel()
    )
    ras = lps * np.array([-1, -1, 1])[:, None]
    index = np.rint(to_voxel[:3, :3] @ ras + to_voxel[:3, 3:]).astype(int)
    if (index < 0).any() or (index >= np.array(data.shape)[:, None]).any():
        return "lies outside of the volume"
    off = np.abs(data[tuple(index)].astype(float) - pixels.ravel())
    return f"{np.mean(off > TOLERANCE):.0%} of the voxels differ" if off.max() > TOLERANCE else ""


def _frames(found: Any) -> Any:
    """Position, axes, spacing and rescaled pixels of every frame."""
    slope = float(found.get("RescaleSlope", 1) or 1)
    shift = float(found.get("RescaleIntercept", 0) or 0)
    if "TransferSyntaxUID" not in found.file_meta:
        found.file_meta.TransferSyntaxUID = ImplicitVRLittleEndian
    pixels = found.pixel_array.astype(float) * slope + shift
    groups = found.get("PerFrameFunctionalGroupsSequence")
    if not groups:
        yield (
            np.array(found.ImagePositionPatient, float),
            np.array(found.ImageOrientationPatient, float),
            np.array(found.PixelSpacing, float),
            pixels,
        )
        return
    shared = found.SharedFunctionalGroupsSequence[0]
    for group, frame in zip(groups, pixels, strict=True):
        yield (
            np.array(group.PlanePositionSequence[0].ImagePositionPatient, float),
            np.array(shared.PlaneOrientationSequence[0].ImageOrientationPatient, float),
            np.array(shared.PixelMeasuresSequence[0].PixelSpacing, float),
            frame,
        )
