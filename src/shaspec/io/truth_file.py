"""Label files of every kind: volumes, and segmentations of 3D Slicer, whose segments have names."""

from __future__ import annotations

from pathlib import Path

from shaspec.errors import InputError
from shaspec.io.segmentation_nrrd import is_segmentation
from shaspec.io.segmentation_reader import read_segmentation
from shaspec.io.volumes import Volume, is_4d, read_volume


def read_truth(path: Path) -> Volume:
    """The label map in a file, (S, P, L); raises `InputError` naming the file and the mend."""
    if not is_segmentation(path):
        if is_4d(path):
            raise InputError(
                f"{path}: contains several volumes, but a label map is one with a number per "
                "voxel; combine its masks into one label map"
            )
        return read_volume(path)
    segmentation = read_segmentation(path)
    limits = (0.0, float(segmentation.stored.max()))
    notices = tuple(f"labels ({path.name}): {text}" for text in segmentation.notices)
    return Volume(segmentation.stored, segmentation.grid, path, limits, notices=notices)


def segment_values(path: Path) -> dict[str, int]:
    """Name of a segment -> its value in what `read_truth` gives."""
    segmentation = read_segmentation(path)
    return dict(zip(segmentation.names, segmentation.told, strict=True))
