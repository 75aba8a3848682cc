"""Read and write volumes, pictures, case folders and label files.

The names of `__all__` are imported when they are first used: who only parses file names needs no
reader.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from shaspec.lazy import getter

if TYPE_CHECKING:
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

_MODULES = {
    "CaseFiles": "shaspec.io.folders",
    "Volume": "shaspec.io.volumes",
    "case_from_arrays": "shaspec.io.arrays",
    "find_case": "shaspec.io.folders",
    "find_cases": "shaspec.io.folders",
    "label_ending": "shaspec.io.export",
    "label_endings": "shaspec.io.export",
    "read_case": "shaspec.io.cases",
    "read_channels": "shaspec.io.volumes",
    "read_image": "shaspec.io.images",
    "read_volume": "shaspec.io.volumes",
    "write_case": "shaspec.io.export",
    "write_classes": "shaspec.io.export",
    "write_labels": "shaspec.io.export",
    "write_sizes": "shaspec.io.export",
    "write_volume": "shaspec.io.export",
}
"""Where the names are defined."""


__getattr__ = getter(__name__, _MODULES)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
