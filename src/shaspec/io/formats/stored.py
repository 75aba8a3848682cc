"""A file whose header was read and checked, and whose voxels are still in it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from shaspec.io.header import Header


@dataclass(frozen=True)
class Stored:
    """One file of volumes, whatever its format."""

    header: Header
    load: Callable[[], bytes]
    """Reads the bytes in which the voxels begin at ``header.offset``, (i, j, k) with the first axis
    the fastest, one channel after the other. Raises `InputError` for a damaged file."""
