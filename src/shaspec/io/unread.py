"""Detect medical image files of unsupported formats, with advice on how to convert them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from shaspec.errors import InputError
from shaspec.files.reading import entries_of, is_file, is_folder, open_regular
from shaspec.io.formats.table import (
    BY_NAME,
    DICOM,
    LONE_IMG,
    NOT_READ,
    Format,
    begins_as_named,
    format_of,
    header_of,
)
from shaspec.io.naming import recognise
from shaspec.task import Task

MARK = b"DICM"
PREAMBLE = 128  # bytes before the magic number (DICOM PS3.10, section 7.1)
LOOKED_AT = 4  # files of a folder that are checked
SHOWN = 6
DAMAGED = "its first bytes are not those of this format; export or copy it again"


def unread_format(path: Path) -> Format | None:
    """The unsupported format of an image file, with advice; None for other files."""
    named = format_of(path)
    if named is not None:
        return None if begins_as_named(path) else replace(named, advice=DAMAGED)
    unread = format_of(path, (*NOT_READ, LONE_IMG))
    if unread is LONE_IMG and header_of(path) != path:
        return None
    if unread is None and (other := format_of(path, BY_NAME)) is not None:
        return other
    name = path.name.lower()
    bare = "." not in name or name.rpartition(".")[2].isdecimal()
    return DICOM if unread is None and bare and _marked(path) else unread


def is_dicom_folder(folder: Path) -> bool:
    """Return whether the first files of a folder, or of its first subfolder, are DICOM."""
    try:
        inside = [p for p in entries_of(folder) if not p.name.startswith(".")]
    except InputError:
        return False
    files = [p for p in inside if is_file(p)][:LOOKED_AT]
    if any(p.name.upper() == "DICOMDIR" for p in inside):
        return True
    return any(unread_format(p) is DICOM for p in files)


def unread_notices(inside: Iterable[Path], task: Task) -> list[str]:
    """A sentence for each image file of an unsupported format, and for DICOM folders."""
    if task.dims != 3:
        return []
    notices: dict[str, str] = {}
    for path in inside:
        unread = unread_format(path) if not is_folder(path) else None
        if is_folder(path) and is_dicom_folder(path):
            unread = DICOM
        if unread is None:
            continue
        match = recognise(path.name, task)
        if unread in BY_NAME and match is None:
            continue
        role_text = f", {match.role} by its name" if match else ""
        key = path.name if match or is_folder(path) else unread.title
        text = (
            f"not supported and not read: {path.name} ({unread.title}{role_text}); {unread.advice}"
        )
        notices.setdefault(key, text)
    return list(notices.values())[:SHOWN]


def _marked(path: Path) -> bool:
    """Return whether the file begins like a DICOM file."""
    try:
        with open_regular(path) as file:
            return file.read(PREAMBLE + len(MARK))[PREAMBLE:] == MARK
    except (InputError, OSError):
        return False
