"""Find the files of cases from names and folders, without reading voxels.

Known layouts: a folder per case with one file per modality (any naming of `shaspec.io.naming`,
files inside folders that end in .nii, an inner folder like BIDS' ``anat``), a folder per sequence
inside the folder of the case, one 4D file per case as in the Medical Segmentation Decathlon, one
file per case and channel as in nnU-Net's raw folders, many cases side by side in one folder;
folders of all these nested as BraTS' ``HGG`` and ``LGG``. Also one folder per modality with one
file per case (``rgb/39.png``, ``depth/39.png``). A CSV file or a MONAI data list may give the files
of each case; a text file in the data folder may list the cases of, for example, a training set, one
per line.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from shaspec.errors import InputError
from shaspec.files.reading import is_file, is_folder
from shaspec.io.case_files import CaseFiles, entries, from_roles, input_kind, is_input
from shaspec.io.channels import channel_case
from shaspec.io.datalist import IMAGE, is_datalist, read_datalist
from shaspec.io.description import DESCRIPTION
from shaspec.io.formats.table import DICOM, header_of
from shaspec.io.linked import repeats_named
from shaspec.io.moments import pair_by_time
from shaspec.io.naming import LABELS, notice, require_role, stem
from shaspec.io.search import cases_below, name_of, without_result
from shaspec.io.side_by_side import side_by_side
from shaspec.io.splits import only_listed
from shaspec.io.table import is_table, read_table
from shaspec.io.unread import is_dicom_folder, unread_format, unread_notices
from shaspec.io.volumes import is_4d
from shaspec.task import Task

__all__ = ["DEPTH", "CaseFiles", "find_case", "find_cases", "is_input"]

DEPTH = 3  # levels of folders searched for cases


def find_case(source: str | Path, task: Task, *, with_labels: bool = True) -> CaseFiles:
    """Find the files of one case in ``source``: a folder, a 4D file or a single volume.

    If the files of many cases are side by side, ``folder/name`` is the case of that name.
    Raises `InputError` if there is no case, or more than one. Two files for one modality are
    listed in ``problems``.
    """
    path = header_of(Path(source))
    if is_file(path):
        return _file_case(path, task, with_labels)
    if not is_folder(path):
        return _named_case(path, task, with_labels)
    cases = list(cases_below(path, task, with_labels, DEPTH))
    if not cases:
        raise InputError(
            f"{path}: no {input_kind(task)} in this folder; pass the folder of one case with files "
            f"for {task.title_names}{_seen(path, task)}"
        )
    if len(cases) > 1:
        names = ", ".join(case.name for case in cases[:4]) + (", ..." if len(cases) > 4 else "")
        raise InputError(
            f"{path}: contains {len(cases)} cases ({names}); pass the folder of one, FOLDER/NAME "
            "if their files are side by side, or its files"
        )
    case = replace(cases[0], name=cases[0].name if cases[0].channel else name_of(path))
    if not case.volumes:
        raise InputError(case.problems[0])
    return case


def find_cases(
    folder: str | Path,
    task: Task,
    *,
    with_labels: bool = True,
    within: float | None = None,
    notice: Callable[[str], None] = lambda _: None,
) -> list[CaseFiles]:
    """Find all cases in a folder or list.

    Args:
        folder: a folder of cases; one case; a list of files (`shaspec.io.table`,
            `shaspec.io.datalist`); a text file of case names beside their data; or a
            ``dataset.json``, for the folder that it describes.
        task: defines the modalities.
        with_labels: whether label files are included.
        within: for pictures of several cameras: pair those that are nearest in time by their names,
            at most so many seconds apart. Default: pictures are paired by equal names.
        notice: called with what concerns no single case, e.g. folders without a case.

    Returns:
        The files of each case, sorted by path. A case whose files cannot be assigned is included
        with its ``problems``.

    Raises:
        InputError: if the folder does not exist or has no case, or a list cannot be read.
    """
    folder = Path(folder)
    if is_file(folder) and is_table(folder):
        rows = read_table(folder, task).items()
        return repeats_named(
            from_roles(name, roles, with_labels=with_labels) for name, roles in rows
        )
    if is_file(folder) and folder.suffix.lower() == ".txt":
        return only_listed(folder, find_cases(folder.parent, task, with_labels=with_labels))
    if is_file(folder) and folder.name == DESCRIPTION:
        folder = folder.parent
    if is_file(folder) and is_datalist(folder):
        listed = read_datalist(folder, task, with_labels=with_labels).items()
        return repeats_named(_of_list(name, roles, task, with_labels) for name, roles in listed)
    if is_file(folder):
        return [find_case(folder, task, with_labels=with_labels)]
    if not is_folder(folder):
        raise InputError(f"{folder}: no such folder")
    if within is not None:
        return _paired(folder, task, with_labels, within)
    cases = list(cases_below(folder, task, with_labels, DEPTH, notice))
    if not cases:
        raise InputError(
            f"{folder}: no cases; put one folder per case into it, each with files "
            f"({input_kind(task)}) for {task.title_names}{_seen(folder, task)}"
        )
    return cases


def _paired(folder: Path, task: Task, with_labels: bool, within: float) -> list[CaseFiles]:
    if task.dims != 2:
        raise InputError(
            f"--pair-within is for pictures, and task {task.name!r} reads volumes: leave it out"
        )
    pairs = pair_by_time(folder, entries(folder, task), task, within, with_labels=with_labels)
    cases = [without_result(case) for case in pairs]
    if not cases:
        raise InputError(
            f"{folder}: no pictures to pair; put a folder of pictures for each of "
            f"{task.title_names} into it"
        )
    return cases


def _named_case(path: Path, task: Task, with_labels: bool) -> CaseFiles:
    """The case called ``path.name`` among the cases side by side in its folder."""
    folder = path.parent
    inside = entries(folder, task) if is_folder(folder) else []
    cases = side_by_side(folder, inside, task, with_labels)
    same_name = next((case for case in cases if case.name == path.name), None)
    if same_name is None:
        raise InputError(f"{path}: no such file or folder")
    return without_result(same_name)


def _of_list(name: str, roles: dict[str, Path], task: Task, with_labels: bool) -> CaseFiles:
    """A case of a list, which may store all modalities as channels of one file."""
    if IMAGE not in roles:
        return from_roles(name, roles, with_labels=with_labels)
    case = channel_case(roles[IMAGE], task, with_labels)
    labels = roles.get(LABELS, case.labels) if with_labels else None
    return replace(case, name=name, labels=labels)


def _file_case(path: Path, task: Task, with_labels: bool) -> CaseFiles:
    """A single file: all modalities in 4D, or one of them."""
    if not is_input(path, task):
        unread = unread_format(path)
        advice = f"; it is {unread.title}: {unread.advice}" if unread else ""
        raise InputError(
            f"{path}: is not a {input_kind(task)}, which task {task.name!r} requires{advice}"
        )
    if is_4d(path):
        return channel_case(path, task, with_labels)
    match = require_role(path, task)
    if match.role == LABELS:
        raise InputError(f"{path}: contains labels; also pass a modality ({task.title_names})")
    notices = (notice(path, match),) if match.reason else ()
    return CaseFiles(name=stem(path.name), volumes={match.role: path}, notices=notices)


def _seen(folder: Path, task: Task) -> str:
    """Files of unsupported formats in the folder, as the end of a message."""
    inside = entries(folder, task)
    seen = unread_notices(inside, task)
    if is_dicom_folder(folder):
        seen = [f"it is a DICOM folder: {DICOM.advice}"]
    return "".join(f"; {text}" for text in seen)
