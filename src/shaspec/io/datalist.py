"""MONAI data lists: JSON with arbitrary paths and a fold for each case.

``{"training": [{"image": ["a_flair.nii.gz", "a_t1.nii.gz"], "label": "a_seg.nii.gz", "fold": 0},
...], "validation": [...], "testing": [...]}``. ``image`` is one 4D file or one file per modality,
identified by name, otherwise in the order of the task; modalities may also be separate keys. Paths
are relative to the JSON file. A case is named by ``name`` (or ``case``, ``id`` ...), otherwise by
the prefix that its file names share.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import takewhile
from pathlib import Path
from typing import Any

from shaspec.errors import InputError
from shaspec.files.reading import is_file, read_json
from shaspec.io.naming import LABELS, parts, read_name, recognise, stem
from shaspec.io.table import CASE, file_at
from shaspec.task import Task

IMAGE = "image"
"""The role of a file that contains all modalities as channels."""

KNOWN = ("training", "validation")
UNKNOWN = ("testing", "test")
"""Sections whose cases have labels, and sections whose cases do not need them."""


@dataclass(frozen=True)
class Entry:
    """One case of the list as written: its files by key, and its fold if it has one."""

    name: str
    section: str
    files: dict[str, tuple[str, ...]]
    fold: str | None


def is_datalist(path: Path) -> bool:
    """Return whether a JSON file has a section of cases named as in MONAI."""
    if path.suffix.lower() != ".json":
        return False
    try:
        content = read_json(path)
    except InputError:
        return False
    return isinstance(content, dict) and any(
        isinstance(content.get(section), list) for section in (*KNOWN, *UNKNOWN)
    )


def read_entries(path: Path) -> list[Entry]:
    """All cases in the order of the list; raises `InputError` naming section and entry."""
    content: dict[str, Any] = read_json(path)
    by_name: dict[str, Entry] = {}
    for section in (*KNOWN, *UNKNOWN):
        rows = content.get(section) or []
        if not isinstance(rows, list):
            raise InputError(f"{path}: {section} is not a list of cases; put them in [ ]")
        for number, row in enumerate(rows):
            entry = _entry(row, section, f"{path}: {section}, entry {number}")
            if entry.name in by_name:
                raise InputError(
                    f"{path}: two cases are called {entry.name!r}; give each entry a "
                    f'unique "{CASE[0]}": "..."'
                )
            by_name[entry.name] = entry
    return list(by_name.values())


def read_datalist(path: Path, task: Task, *, with_labels: bool) -> dict[str, dict[str, Path]]:
    """Case -> modality, ``labels`` or ``image`` -> file.

    Test cases are included only if labels are not requested. Raises `InputError` naming the case
    and the file.
    """
    cases = {}
    missing: list[str] = []
    for entry in read_entries(path):
        if with_labels and entry.section in UNKNOWN:
            continue
        roles = {role: file_at(file, path.parent) for role, file in _roles(entry, path, task)}
        gone = next((file for file in roles.values() if not is_file(file)), None)
        missing += [f"{gone} of case {entry.name} does not exist"] * (gone is not None)
        cases[entry.name] = {r: roles[r] for r in (*task.names, IMAGE, LABELS) if r in roles}
    if missing and len(missing) == len(cases):  # else a case fails when it is read
        raise InputError(f"{path}: {missing[0]}; paths are relative to the list")
    return cases


def _entry(row: Any, section: str, where: str) -> Entry:
    row = {IMAGE: row} if isinstance(row, str) else row
    if not isinstance(row, dict):
        raise InputError(f'{where}: expected {{"image": ..., "label": ...}}')
    named = next((str(row[key]) for key in CASE if row.get(key)), "")
    files: dict[str, tuple[str, ...]] = {}
    for key, value in row.items():
        paths = [value] if isinstance(value, str) else value
        if key not in (*CASE, "fold") and value:
            if not isinstance(paths, list) or not all(isinstance(p, str) for p in paths):
                raise InputError(f"{where}: {key!r} is neither a path nor a list of paths")
            files[key] = tuple(paths)
    if not files:
        raise InputError(f"{where}: names no file")
    fold = row.get("fold")
    return Entry(named or _shared_name(files), section, files, None if fold is None else str(fold))


def _shared_name(files: dict[str, tuple[str, ...]]) -> str:
    """The prefix that all file names of a case share, otherwise the folder of the first."""
    paths = [Path(path) for several in files.values() for path in several]
    columns = zip(*(parts(path.name) for path in paths), strict=False)
    shared = len(list(takewhile(lambda column: len(set(column)) == 1, columns)))
    if not shared:
        return paths[0].parent.name or stem(paths[0].name)
    first = stem(paths[0].name)
    end, rest = 0, first.lower()
    for part in parts(first)[:shared]:
        end = rest.index(part, end) + len(part)
    return first[:end]


def _roles(entry: Entry, path: Path, task: Task) -> Iterator[tuple[str, str]]:
    """(role, file) for every file of a case."""
    for key, files in entry.files.items():
        match = recognise(key, task)
        if key != IMAGE and match is None:
            raise InputError(
                f"{path}: case {entry.name}: {key!r} is neither a modality "
                f"({task.title_names}) nor labels ({', '.join(task.label_words)})"
            )
        if key != IMAGE and match is not None:
            if len(files) > 1:
                raise InputError(
                    f"{path}: case {entry.name}: {key!r} has {len(files)} files, not 1"
                )
            yield match.role, files[0]
        elif len(files) == 1:
            reading = read_name(Path(files[0]).name, task)
            alone = reading.match
            if alone is not None and alone.role != LABELS:
                yield alone.role, files[0]
            elif set(reading.candidates) - {LABELS}:
                raise _doubtful(entry, files, path, task)
            else:
                yield (IMAGE if len(task.names) > 1 else task.names[0]), files[0]
        else:
            yield from _by_name(entry, files, path, task)


def _by_name(
    entry: Entry, files: tuple[str, ...], path: Path, task: Task
) -> Iterator[tuple[str, str]]:
    """The modalities of several files: by name, otherwise in the order of the task."""
    readings = [read_name(Path(file).name, task) for file in files]
    roles = [r.match.role for r in readings if r.match and r.match.role != LABELS]
    silent = not any(r.match or r.candidates for r in readings)
    if len(set(roles)) == len(files):
        yield from zip(roles, files, strict=True)
    elif silent and len(files) == len(task.names):
        yield from zip(task.names, files, strict=True)
    else:
        raise _doubtful(entry, files, path, task)


def _doubtful(entry: Entry, files: tuple[str, ...], path: Path, task: Task) -> InputError:
    return InputError(
        f"{path}: case {entry.name}: {', '.join(Path(f).name for f in files)} cannot be "
        f'assigned to {task.title_names}; write {{"{task.names[0]}": "...", ...}} instead of '
        '"image"'
    )
