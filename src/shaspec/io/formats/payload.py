"""The voxels of MetaImage and NRRD files: behind the header or in a file of their own."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from shaspec.errors import InputError
from shaspec.files.reading import is_file
from shaspec.io.formats.packed import SLACK, Codec, load, unpack
from shaspec.io.header import LIMIT

HEAD = 1024 * 1024  # bytes that the text of a header may have


@dataclass(frozen=True)
class Payload:
    """Where the voxels are and how they are packed."""

    path: Path
    start: int
    """Bytes of the header in front of them; 0 in a file of their own."""
    codec: Codec | None
    """None: they are not compressed."""
    lines: int = 0
    """Lines to skip before they are unpacked."""
    skip: int = 0
    """Bytes to skip when they are unpacked; -1: the voxels are the last bytes of the file."""

    def read(self, size: int) -> bytes:
        """The ``size`` bytes of the voxels; raises `InputError` for more or fewer of them."""
        data = load(self.path, LIMIT + SLACK)
        start = self.start
        for _ in range(self.lines):
            start = data.find(b"\n", start) + 1
            if not start:
                raise InputError(f"{self.path}: has fewer lines than its header says")
        if self.codec is not None:
            end = size + max(self.skip, 0)
            data, start = unpack(data[start:], self.codec, end, self.path, whole=True), 0
        first = len(data) - size if self.skip == -1 else start + self.skip
        if first < start or len(data) - first < size:
            raise InputError(
                f"{self.path}: cut off: only {max(len(data) - first, 0)} of {size} bytes of "
                "voxels; copy or download it again"
            )
        if len(data) - first > size + SLACK:
            raise InputError(
                f"{self.path}: holds more than its header says; copy or export it again"
            )
        return data[first : first + size]


def beside(header: Path, name: str) -> Path:
    """The file of the voxels that a header names; raises `InputError` unless it lies beside it."""
    outside = Path(name).is_absolute() or ".." in re.split(r"[/\\]", name)
    if outside or not name or re.match(r"[A-Za-z]:|[/\\]", name):
        raise InputError(
            f"{header}: names {name!r} for its voxels, a file outside of its folder; put the file "
            "beside the header and correct the name in it"
        )
    path = header.parent / name
    if not is_file(path):
        raise InputError(f"{header}: its voxels are in {name}, which is not there; copy it too")
    return path
