"""The voxels of MetaImage and NRRD files: after the header or in a separate file."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from shaspec.errors import InputError
from shaspec.files.reading import is_file
from shaspec.io.formats.packed import SLACK, Bytes, Codec, load, unpack
from shaspec.io.header import LIMIT

HEAD = 1024 * 1024  # maximum bytes of a text header


@dataclass(frozen=True)
class Payload:
    """The location and compression of the voxels."""

    path: Path
    start: int
    """Bytes of the header before them; 0 in a separate file."""
    codec: Codec | None
    """None if they are not compressed."""
    lines: int = 0
    """Lines to skip before decompression."""
    skip: int = 0
    """Bytes to skip after decompression; -1: the voxels are the last bytes of the file."""

    def read(self, size: int) -> Bytes:
        """The ``size`` bytes of the voxels; raises `InputError` if there are more or fewer."""
        stored = load(self.path, LIMIT + SLACK)
        start = self.start
        for _ in range(self.lines):
            start = stored.find(b"\n", start) + 1
            if not start:
                raise InputError(f"{self.path}: has fewer lines than stated in its header")
        data: Bytes = stored
        if self.codec is not None:
            end = size + max(self.skip, 0)
            data, start = unpack(data[start:], self.codec, end, self.path, whole=True), 0
        first = len(data) - size if self.skip == -1 else start + self.skip
        if first < start or len(data) - first < size:
            raise InputError(
                f"{self.path}: truncated: only {max(len(data) - first, 0)} of {size} bytes of "
                "voxels; copy or download it again"
            )
        if len(data) - first > size + SLACK:
            raise InputError(
                f"{self.path}: more data than stated in its header; copy or export it again"
            )
        return data[first : first + size]


def beside(header: Path, name: str) -> Path:
    """The data file that a header names; raises `InputError` unless it is in the same folder."""
    outside = Path(name).is_absolute() or ".." in re.split(r"[/\\]", name)
    if outside or not name or re.match(r"[A-Za-z]:|[/\\]", name):
        raise InputError(
            f"{header}: its data file {name!r} is outside its folder; put the file "
            "beside the header and correct the name in it"
        )
    path = header.parent / name
    if not is_file(path):
        raise InputError(f"{header}: its data file {name} is missing; copy it too")
    if path.samefile(header):
        raise InputError(f"{header}: names itself as its data file; correct the name in it")
    return path
