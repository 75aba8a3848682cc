"""Tell unedited results of models from truths, by a mark in the header of the file.

A result may be saved under the usual name of a truth (``p1_seg.nii.gz``), and would then be scored
against itself. The mark contains a checksum of the voxels, so that a result which was corrected in
another program counts as a label map again.
"""

from __future__ import annotations

import re
import zlib
from enum import StrEnum
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from shaspec.errors import InputError
from shaspec.files.reading import open_regular

Array = npt.NDArray[Any]

HEAD = 4096
"""Bytes of a file that are searched for the mark."""
MARK = re.compile(rb"model result ([0-9a-f]{8}) by napari-shaspec")
PROGRAM = "napari-shaspec"


class Origin(StrEnum):
    """What a label map is."""

    LABELS = "label map"
    RESULT = "model result"
    EDITED = "edited model result"


def origin_text(origin: Origin, labels: Array) -> str:
    """The description of a label map for the header of its file.

    Args:
        origin: what it is.
        labels: (*spatial), one byte each.
    """
    said = f" {checksum(labels)}" if origin is Origin.RESULT else ""
    return f"{origin}{said} by {PROGRAM}"


def marked_checksum(path: Path) -> str:
    """The checksum in the mark of a model's result; empty for other files."""
    mark = MARK.search(_head(path))
    return mark[1].decode() if mark else ""


def says_edited(path: Path) -> bool:
    """Return whether a file is a result that was edited in this program."""
    return f"{Origin.EDITED} by {PROGRAM}".encode() in _head(path)


def _head(path: Path) -> bytes:
    """The first bytes of a file, without compression; empty if it cannot be read."""
    try:
        with open_regular(path) as file:
            data = file.read(HEAD)
        if data[:2] == b"\x1f\x8b":
            data = zlib.decompressobj(wbits=31).decompress(data, HEAD)
    except (InputError, OSError, zlib.error):
        return b""
    return data


def checksum(labels: Array) -> str:
    """Checksum of a label map (*spatial), one byte each."""
    return f"{zlib.crc32(np.ascontiguousarray(labels, np.uint8).tobytes()):08x}"
