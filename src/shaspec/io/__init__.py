"""Read and write volumes, pictures, case folders and label files."""

from __future__ import annotations

from shaspec.io.arrays import case_from_arrays
from shaspec.io.cases import read_case
from shaspec.io.export import (
    label_ending,
    label_endings,
    write_case,
    write_classes,
    write_labels,
    write_sizes,
    write_volume,
)
from shaspec.io.folders import CaseFiles, find_case, find_cases
from shaspec.io.images import read_image
from shaspec.io.volumes import Volume, read_channels, read_volume

__all__ = [
    "CaseFiles",
    "Volume",
    "case_from_arrays",
    "find_case",
    "find_cases",
    "label_ending",
    "label_endings",
    "read_case",
    "read_channels",
    "read_image",
    "read_volume",
    "write_case",
    "write_classes",
    "write_labels",
    "write_sizes",
    "write_volume",
]
