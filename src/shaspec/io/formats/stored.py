"""An open file whose header is validated and whose voxels are not yet read."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from shaspec.io.formats.packed import Bytes
from shaspec.io.header import Header


@dataclass(frozen=True)
class Stored:
    """One file of volumes of any format."""

    header: Header
    load: Callable[[], Bytes]
    """Reads the bytes with the voxels from ``header.offset`` on, (i, j, k) with the first axis
    fastest, one channel after the other. Raises `InputError` for a damaged file."""
