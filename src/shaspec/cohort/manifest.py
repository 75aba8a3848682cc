"""``manifest.jsonl``: one line of JSON for every step that a run took, kept from run to run.

A line is written before the files of a result (``writing``) and after them (``done``): a run that
was killed leaves no file of unknown origin, and the next run continues where it ended.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from shaspec.errors import InputError
from shaspec.files.reading import read_bytes

NAME = "manifest"
ENDING = ".jsonl"
MOST = 4 * 1024**3
"""Bytes of a manifest: of some million results."""


class Input(BaseModel):
    """One file that a result was made from."""

    file: str
    """Absolute path."""
    bytes: int
    modified: int
    """Nanoseconds since 1970, as the file system has them."""
    sha256: str


class Record(BaseModel):
    """One line of the manifest."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    format: int = 1
    time: str = Field(default_factory=lambda: time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()))
    case: str
    asked: str = ""
    """The subset that was to be segmented, e.g. ``FLAIR+T2``; empty: it was not known."""
    subset: str = ""
    """The subset that was used: without modalities whose files turned out to be empty."""
    status: Literal["writing", "done", "left out", "failed"]
    key: str = ""
    """See `shaspec.cohort.settings.Settings.key`."""
    outputs: tuple[str, ...] = ()
    """Names of the files, in the folder of the manifest; the label map is the first."""
    unit: str = ""
    """Unit of the sizes: mL or px."""
    sizes: dict[str, float] = Field(default_factory=dict)
    """Region -> size."""
    seconds: dict[str, float] = Field(default_factory=dict)
    notices: tuple[str, ...] = ()
    """What was found about the input, and how the run gave way."""
    seen_in_training: bool = False
    inputs: dict[str, Input] = Field(default_factory=dict)
    """Modality -> its file."""
    model: str = ""
    sha256: str = ""
    versions: dict[str, str] = Field(default_factory=dict)
    settings: dict[str, Any] = Field(default_factory=dict)
    error: str = ""
    details: str = ""
    """The traceback of an unexpected error."""

    @property
    def told(self) -> tuple[str, ...]:
        """What a reader of the result has to know: the notices, and whether the case is not new."""
        return (*self.notices, *(["was seen in training by this model"] * self.seen_in_training))


def seen_notice(records: Iterable[Record]) -> str:
    """The notice about results of cases that are not new to the model; empty if there are none."""
    done = [record for record in records if record.status == "done"]
    cases = sorted({record.case for record in done if record.seen_in_training})
    if not cases:
        return ""
    every = len({record.case for record in done})
    return (
        f"{len(cases)} of {every} cases were seen in training by the model ({', '.join(cases[:3])}"
        f"{', ...' if len(cases) > 3 else ''}): their results say nothing about accuracy on new "
        "cases"
    )


class Manifest:
    """The manifest of a folder of results.

    Args:
        folder: of the results.
        shard: ``2/8`` for the second of eight processes, each of which has a separate file.
    """

    def __init__(self, folder: Path, shard: str = "") -> None:
        self.folder = folder
        part = f"-{shard.strip().replace('/', 'of')}" if shard else ""
        self.path = folder / f"{NAME}{part}{ENDING}"

    def append(self, record: Record) -> None:
        """Add a line, on the disk when this returns; raises `InputError` if that fails."""
        line = record.model_dump_json().encode() + b"\n"
        try:
            with self.path.open("ab+") as file:
                if file.tell() and not _ends(file):
                    line = b"\n" + line  # the last run was killed within a line
                file.write(line)
                file.flush()
                os.fsync(file.fileno())
        except OSError as error:
            raise InputError(f"{self.path}: cannot be written ({error.strerror})") from error

    def latest(self) -> Mapping[tuple[str, str], Record]:
        """(case, asked) -> its last line, of all processes that wrote into the folder."""
        records = [r for path in sorted(self.folder.glob(f"{NAME}*{ENDING}")) for r in _read(path)]
        return {(r.case, r.asked): r for r in sorted(records, key=lambda r: r.time)}


def _ends(file: Any) -> bool:
    """True if the file ends with the end of a line."""
    file.seek(-1, os.SEEK_END)
    return bool(file.read(1) == b"\n")


def _read(path: Path) -> Iterator[Record]:
    """The lines of one file; a line truncated by a killed run is skipped."""
    for line in read_bytes(path, MOST).splitlines():
        try:
            yield Record.model_validate(json.loads(line))
        except (ValueError, RecursionError, ValidationError):
            continue
