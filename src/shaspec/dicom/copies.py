"""Whether files that say that they are the same image are."""

from __future__ import annotations

import filecmp
from collections.abc import Sequence

from shaspec.dicom.dataset import faults, read_dataset
from shaspec.dicom.header import Header

PIXELS = ("PixelData", "FloatPixelData", "DoubleFloatPixelData")


def unlike(pairs: Sequence[tuple[Header, Header]]) -> bool:
    """Return whether the pixels of a pair differ.

    Only files that differ are read.

    Args:
        pairs: images with the same identifier and position.

    Raises:
        InputError: if the pixels of a file cannot be read.
    """
    return any(one is not other and not _same(one, other) for one, other in pairs)


def _same(one: Header, other: Header) -> bool:
    with faults():
        if filecmp.cmp(one.path, other.path, shallow=False):
            return True
        found = [read_dataset(each.path, PIXELS, pixels=True).dataset for each in (one, other)]
        first, second = ([image.get(key) for key in PIXELS] for image in found)
        return bool(first == second)
