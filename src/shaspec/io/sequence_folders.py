"""A case with one folder per sequence: ``patient/2_T1GD/NIFTI/T1GD.nii.gz``, ``T1ce/scan.nii``.

This is the layout of exports from XNAT and many scanners. The folder name is used if the file name
is uninformative. Folders with files of other modalities are not sequence folders.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from shaspec.files.reading import is_folder, resolved
from shaspec.io.assign import assign
from shaspec.io.case_files import CaseFiles, entries, is_input
from shaspec.io.empty_folders import empty_sequences
from shaspec.io.naming import LABELS, Match, Reading, in_folder, is_silent, read_name, recognise
from shaspec.io.subjects import several_in_folders
from shaspec.io.truth_names import of_another
from shaspec.io.unread import unread_notices
from shaspec.task import Task

DEPTH = 3  # folders inside that of a sequence: resources/NIFTI/files


def sequence_case(
    folder: Path, inside: list[Path], task: Task, with_labels: bool
) -> CaseFiles | None:
    """The case in ``folder`` with one sequence per subfolder; None for other layouts."""
    folders = {path: read_name(path.name, task) for path in inside if is_folder(path)}
    if task.dims != 3 or not any(r.match and r.match.role != LABELS for r in folders.values()):
        return None
    files: list[tuple[str, Path]] = []
    by_folder: list[str] = []
    for path, reading in folders.items():
        volumes = list(_volumes(path, task, DEPTH))
        names = [_name(path, reading, volume, task) for volume in volumes]
        own = [n for n, volume in zip(names, volumes, strict=True) if n == volume.name]
        if not _fits(reading, [read_name(name, task) for name in own]):
            return None
        files += zip(names, volumes, strict=True)
        by_folder += [
            f"{path.name}/{volume.name} is {match.role}"
            for name, volume in zip(names, volumes, strict=True)
            if name != volume.name and (match := recognise(name, task))
        ]
    if not files:
        return None
    assignment = assign(files, task)
    if not with_labels:
        assignment.roles.pop(LABELS, None)
        assignment.problems.pop(LABELS, None)
    problems = list(assignment.problems.values())
    if not problems and (message := _several(files, assignment.roles, folder, task)):
        problems.append(message)
    labels = assignment.roles.pop(LABELS, None)
    if not assignment.roles and not assignment.problems:
        return None
    notices = [f"assigned by folder names: {', '.join(by_folder)}"] if by_folder else []
    if assignment.unknown:
        strange = ", ".join(str(path.relative_to(folder)) for path in assignment.unknown)
        notices.append(f"not recognised and not used: {strange}")
    return CaseFiles(
        name=resolved(folder).name,
        volumes=assignment.roles,
        labels=labels,
        masks=assignment.masks if labels else {},
        problems=tuple(problems),
        notices=(
            *empty_sequences(inside, assignment.roles, task),
            *notices,
            *assignment.notices,
            *unread_notices(inside, task),
        ),
    )


def _name(folder: Path, reading: Reading, volume: Path, task: Task) -> str:
    """The name to judge a file by: with its folder's name if its own is less informative.

    ``T1.nii`` in a folder ``T1_post`` is a T1 after contrast agent.
    """
    own = read_name(volume.name, task)
    if reading.match is None or (own.match and own.match.role == reading.match.role):
        return volume.name
    together = in_folder(folder.name, volume)
    both = recognise(together, task)
    if both and both.role == reading.match.role:
        return folder.name
    return together if is_silent(own) else volume.name


def _several(
    files: list[tuple[str, Path]], used: Mapping[str, Path], folder: Path, task: Task
) -> str:
    """The error text if names of files and folders belong to several patients or dates."""
    judged = {path: name for name, path in files}
    matches: dict[Path, Match] = {}
    inner: dict[Path, Path] = {}
    labels = None
    for role, path in used.items():
        relative = path.relative_to(folder)
        joined = path.name if judged[path] == path.name else "_".join(relative.parts)
        match = recognise(joined, task)
        if match is not None and role == LABELS:
            labels = (folder / joined, match)
        elif match is not None:
            matches[folder / joined], inner[folder / joined] = match, relative
    if len(matches) > 1 and (message := several_in_folders(matches, inner)):
        return message
    return of_another(*labels, matches) if labels and matches else ""


def _fits(folder: Reading, files: list[Reading]) -> bool:
    """Return whether the files can be one sequence and do not contradict the folder's name."""
    roles = {said.match.role for said in files if said.match}
    if folder.match is None and not folder.evidence:  # a folder of something else
        return not roles
    if folder.match is None or folder.match.role == LABELS:
        return True
    return roles <= {folder.match.role, LABELS} | set(folder.candidates)


def _volumes(folder: Path, task: Task, depth: int) -> Iterator[Path]:
    """The files of the task in a folder and the folders inside it."""
    for path in entries(folder, task):
        if is_folder(path):
            if depth:
                yield from _volumes(path, task, depth - 1)
        elif is_input(path, task):
            yield path
