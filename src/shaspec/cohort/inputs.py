"""The files that a result was made from, and whether they are still the same."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

from shaspec.cohort.manifest import Input, Manifest
from shaspec.errors import InputError
from shaspec.files.reading import sha256
from shaspec.models.fingerprint import repeat_notice


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


def repeated(manifest: Manifest, cases: Collection[str]) -> dict[str, str]:
    """Cases with a file of an earlier case, such as a copied folder, and what to tell about them.

    Args:
        manifest: has the checksums of the files.
        cases: names of the cases to compare.
    """
    first: dict[str, str] = {}
    found: dict[str, dict[str, str]] = {}
    for record in sorted(manifest.latest().values(), key=lambda record: record.case):
        for modality, file in record.inputs.items() if record.case in cases else ():
            other = first.setdefault(file.sha256, record.case)
            if other != record.case:
                found.setdefault(record.case, {})[modality] = other
    return {case: repeat_notice(same) for case, same in found.items()}
