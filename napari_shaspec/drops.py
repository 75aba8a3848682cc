"""Decides which paths dropped on napari this plugin can read.

It checks names only, and a limited number of them: napari waits for the answer, and a folder may
contain a million files.
"""

from __future__ import annotations

import os
from collections import Counter, deque
from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from itertools import islice
from pathlib import Path

from shaspec.errors import InputError
from shaspec.files.archives import open_zip
from shaspec.files.reading import is_file, is_folder
from shaspec.io.folders import is_input
from shaspec.io.formats.table import DICOM, is_volume
from shaspec.io.images import is_image
from shaspec.io.naming import is_result, name_to_judge, recognise
from shaspec.io.segmentation_nrrd import is_segmentation
from shaspec.io.sound import is_sound
from shaspec.io.unread import LOOKED_AT, MARK, PREAMBLE, unread_format
from shaspec.task import Task, bundled_tasks, load_task

ENTRIES = 500  # checked per folder
FOLDERS = 200  # opened in total
DEPTH = 3  # of nested folders
DICOM_DEPTH = 5  # as disc/patient/examination/series


@cache
def tasks() -> tuple[Task, ...]:
    """The bundled tasks, segmentation first, which is preferred for ambiguous names."""
    loaded = [load_task(name) for name in bundled_tasks()]
    return tuple(sorted(loaded, key=lambda task: task.kind != "segmentation"))


def is_examination(paths: Sequence[Path]) -> bool:
    """True for a folder or a zip file with DICOM files, if the folder has no volumes."""
    if len(paths) != 1:
        return False
    if is_folder(paths[0]):
        return _holds_dicom(paths[0]) and not holds_volume(paths[0])
    return paths[0].suffix.lower() == ".zip" and _is_dicom_zip(paths[0])


def is_ours(paths: Sequence[Path]) -> bool:
    """True for a folder with a case, for volumes, and for pictures and sounds of one case."""
    if len(paths) == 1 and is_folder(paths[0]):
        return holds_volume(paths[0]) or _is_picture_case(_pictures_in(paths[0]))
    volumes = all(is_volume(path) or is_segmentation(path) for path in paths)
    return bool(paths) and (volumes or all(map(is_sound, paths)) or _is_picture_case(paths))


def role_of(path: Path, task: Task) -> str | None:
    """The modality of the task (or ``labels``) in a file name; None: no match."""
    if not is_input(path, task) or is_result(path.name, task):
        return None
    match = recognise(name_to_judge(path, task), task)
    return match.role if match else None


def holds_volume(folder: Path) -> bool:
    """True if a folder or its subfolders contain a volume."""
    return any(is_volume(Path(entry.name)) for entry in _below(folder, DEPTH))


def _holds_dicom(folder: Path) -> bool:
    """True if one of the first files of a folder or of its subfolders is DICOM."""
    opened: Counter[str] = Counter()
    for entry in _below(folder, DICOM_DEPTH):
        if entry.name.upper() == "DICOMDIR":
            return True
        above = os.path.dirname(entry.path)
        if opened[above] < LOOKED_AT and opened.total() < FOLDERS and is_file(entry.path):
            opened[above] += 1
            if unread_format(Path(entry.path)) is DICOM:
                return True
    return False


def _is_dicom_zip(path: Path) -> bool:
    """True if one of the first files of a zip file is DICOM."""
    try:
        with open_zip(path) as archive:
            members = [m for m in islice(archive.infolist(), ENTRIES) if not m.is_dir()]
            names = [m.filename.lower() for m in members]
            if any(name.endswith((*DICOM.endings, "dicomdir")) for name in names):
                return True
            for member in members[:LOOKED_AT]:
                with archive.open(member) as file:
                    if file.read(PREAMBLE + len(MARK))[PREAMBLE:] == MARK:
                        return True
    except InputError:
        return False  # also for a password
    return False


def _below(folder: Path, most: int) -> Iterator[os.DirEntry[str]]:
    """The entries of a folder and of its subfolders, a limited number of them."""
    waiting, opened = deque([(folder, 0)]), 0
    while waiting and opened < FOLDERS:
        current, depth = waiting.popleft()
        opened += 1
        for entry in _entries(current):
            yield entry
            deeper = depth < most and len(waiting) < FOLDERS
            if deeper and not entry.name.startswith(".") and is_folder(entry.path):
                waiting.append((Path(entry.path), depth + 1))


def _entries(folder: Path) -> Iterator[os.DirEntry[str]]:
    """The first entries of a folder; none if it cannot be read."""
    try:
        with os.scandir(folder) as entries:
            yield from islice(entries, ENTRIES)
    except OSError:
        return


def _pictures_in(folder: Path) -> Iterator[Path]:
    """The pictures and sounds of a folder whose names match a modality or labels."""
    for entry in _entries(folder):
        path = Path(entry.path)
        media = is_image(path) or is_sound(path)
        if media and any(role_of(path, task) for task in _picture_tasks()):
            yield path


def _picture_tasks() -> list[Task]:
    return [task for task in tasks() if task.dims == 2]


def _is_picture_case(paths: Iterable[Path]) -> bool:
    """True for at least two pictures of different modalities of one task, and for a sound with or
    without a picture."""
    most = max(len(task.names) for task in _picture_tasks()) + 1  # and a label file
    case = list(islice(paths, most + 1))
    if not case or len(case) > most or not all(is_image(p) or is_sound(p) for p in case):
        return False
    enough = 1 if any(map(is_sound, case)) else 2
    for task in _picture_tasks():
        roles = [role_of(path, task) for path in case]
        if len(set(roles) & set(task.names)) >= enough and len(set(roles)) == len(roles):
            return True
    return False
