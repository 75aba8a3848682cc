"""The files that a result was made from, and whether they are still the same."""

from __future__ import annotations

from pathlib import Path

from shaspec.cohort.manifest import Input
from shaspec.errors import InputError
from shaspec.files.reading import sha256


def input_of(path: Path) -> Input:
    """What the manifest has about a file; raises `InputError` if it cannot be read."""
    state = path.stat()
    return Input(
        file=str(path.absolute()),
        bytes=state.st_size,
        modified=state.st_mtime_ns,
        sha256=sha256(path),
    )


def is_same(path: Path, known: Input) -> bool:
    """True if a file has the content that it had; its time of change saves reading it."""
    try:
        state = path.stat()
        if state.st_size != known.bytes:
            return False
        return state.st_mtime_ns == known.modified or sha256(path) == known.sha256
    except (InputError, OSError):
        return False
