"""Read a case from the files in one folder, one file per modality."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from shaspec.files.reading import is_folder, resolved
from shaspec.io.assign import Assignment, assign
from shaspec.io.case_files import CaseFiles, entries, input_files, is_input
from shaspec.io.channels import channel_case, channel_count
from shaspec.io.empty_folders import empty_sequences
from shaspec.io.formats.table import is_volume
from shaspec.io.label_folders import is_label_folder
from shaspec.io.naming import (
    LABELS,
    Certainty,
    Match,
    in_folder,
    name_to_judge,
    read_name,
    recognise,
    stem,
)
from shaspec.io.region_masks import mask_match
from shaspec.io.subjects import numbers_notice, several_subjects
from shaspec.io.truth_names import of_another
from shaspec.io.unread import unread_notices
from shaspec.task import Task

SHOWN = 6
CASES = 3  # folders of scans beside a scan; so many are cases, fewer may be its versions


def folder_case(
    folder: Path, inside: list[Path], task: Task, with_labels: bool
) -> CaseFiles | None:
    """The case whose files are ``inside`` ``folder``; None if there are no files of the task.

    Doubtful files, two files for one modality, and files of several patients are problems.
    """
    files = _files(inside, task)
    if not any(path.parent == folder or is_input(path.parent, task) for _, path in files):
        return None
    assignment = assign(files, task)
    scans = [path for _, path in files if path != assignment.roles.get(LABELS)]
    if task.dims == 3 and len(scans) == 1 and channel_count(scans[0]) > 1:
        return channel_case(scans[0], task, with_labels, assignment.roles.get(LABELS))
    if len(files) == len(assignment.unknown) == 1:
        name = name_to_judge(assignment.unknown[0], task) if task.dims == 3 else ""
        if match := recognise(name, task):
            path = assignment.roles[match.role] = assignment.unknown.pop()
            text = f"{path.name} was used as {match.role} because of its folder name"
            assignment.explain(path, f"{text}, {path.absolute().parent.name}")
    _explain_folders(folder, files, assignment)
    if message := _contradicts(folder, assignment, task):
        assignment.problems["T1"] = message
    labels = assignment.roles.pop(LABELS, None)
    if not with_labels:
        labels, _ = None, assignment.problems.pop(LABELS, None)
    problems = list(assignment.problems.values())
    beside = _folders_of_scans(inside, {path.parent for _, path in files}, task)
    named = ", ".join(beside[:SHOWN]) + (", ..." if len(beside) > SHOWN else "")
    if len(beside) >= CASES:
        first = next(iter(assignment.roles.values()), files[0][1]).name
        problems.append(
            f"{folder}: has a scan ({first}) beside {len(beside)} folders of scans ({named}); move "
            "it into a folder of its own, or pass the folder or the files of one case"
        )
    elif beside:
        assignment.notices.append(f"not searched: {named}, with scans of their own")
    matches = _modalities(files, task)
    if not problems and task.dims == 3 and (message := several_subjects(matches)):
        problems.append(message)
    elif task.dims == 3 and (text := numbers_notice(matches)):
        assignment.notices.append(text)
    if (
        labels
        and not problems
        and task.dims == 3
        and (text := _strange_truth(labels, matches, task, masked=bool(assignment.masks)))
    ):
        problems.append(text)
    strange = ", ".join(path.name for path in assignment.unknown[:SHOWN])
    strange += ", ..." if len(assignment.unknown) > SHOWN else ""
    unread = unread_notices(inside, task)
    if not assignment.roles and not problems:
        seen = "; ".join([strange or "only labels", *unread])
        problems.append(
            f"{folder}: no file name contains a modality of {task.title_names} ({seen}); rename "
            f"the files, or list them one by one ({task.names[0]}=file)"
        )
    notices = [f"not recognised and not used: {strange}"] if strange and assignment.roles else []
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
            *unread,
        ),
    )


def _files(inside: list[Path], task: Task) -> list[tuple[str, Path]]:
    """(name to judge by, path) of the files, and of those in folders named like a file or a
    sequence."""
    files: list[tuple[str, Path]] = []
    for path in inside:
        if not is_folder(path):
            files += [(path.name, path)] if is_input(path, task) else []
        elif task.dims == 3 and is_volume(path):  # unpacked archives: a folder x_t1.nii
            files += _within(path, task)
        elif task.dims == 3 and _says_modality(path.name, task):
            one = _within(path, task)
            files += one if len(one) == 1 else []
        elif is_label_folder(path, task):
            inner = input_files(entries(path, task), task)
            files += [(in_folder(path.name, file), file) for file in inner[:SHOWN]]
    return files


def _folders_of_scans(inside: list[Path], used: set[Path], task: Task) -> list[str]:
    """The names of folders in ``inside`` with scans of two modalities or more."""
    folders = []
    for path in inside:
        if task.dims == 3 and is_folder(path) and path not in used:
            own = (recognise(p.name, task) for p in input_files(entries(path, task), task))
            roles = {match.role for match in own if match} - {LABELS}
            folders += [path.name] if len(roles) > 1 else []
    return folders


def _within(folder: Path, task: Task) -> list[tuple[str, Path]]:
    """The volumes in a folder of one sequence, by their own names if these are informative."""
    volumes = input_files(entries(folder, task), task)
    clear = [p for p in volumes if recognise(p.name, task)]
    return [(p.name if clear else folder.name, p) for p in (clear or volumes)]


def _says_modality(name: str, task: Task) -> bool:
    match = recognise(name, task)
    return match is not None and match.role in task.names


def _explain_folders(
    folder: Path, files: Sequence[tuple[str, Path]], assignment: Assignment
) -> None:
    """Note which files have their role by the name of their folder."""
    for name, path in files:
        by_folder = name == path.parent.name and not is_volume(path.parent)
        if by_folder and path in assignment.roles.values():
            assignment.explain(path, f"{path.name} was assigned by the name of its folder, {name}")
        labels = path in assignment.label_files and path.parent != folder
        if labels and path not in assignment.explained:
            text = f"{path.name} was used as labels because of its folder, {path.parent.name}"
            assignment.explain(path, text)


def _contradicts(folder: Path, found: Assignment, task: Task) -> str:
    """The message for a folder ``T1_post`` with a file called ``T1``."""
    if len(found.roles) != 1 or found.unknown or task.dims != 3:
        return ""
    ((role, path),) = found.roles.items()
    whole = read_name(in_folder(resolved(folder).name, path), task)
    own = recognise(path.name, task)
    match = whole.match
    if own is None or match is None or match.certainty is not Certainty.CERTAIN:
        return ""
    said = recognise(resolved(folder).name, task)
    if said is None or match.role != said.role or match.role in (role, LABELS):
        return ""
    return (
        f"{path}: its file name says {role}, its folder name {match.role}; pass "
        f"{role}={path.name} or {match.role}={path.name}"
    )


def _strange_truth(labels: Path, matches: Mapping[Path, Match], task: Task, *, masked: bool) -> str:
    """What to tell if the labels are named after another patient or time than the scans."""
    match = mask_match(labels, task) if masked else recognise(labels.name, task)
    if match is None:  # masks/P7.nii
        end = len(stem(labels.name))
        match = Match(LABELS, Certainty.PROBABLE, (), "", end, end)
    return of_another(labels, match, matches) if matches else ""


def _modalities(files: list[tuple[str, Path]], task: Task) -> dict[Path, Match]:
    """The files whose own names match a modality."""
    read = {path: recognise(path.name, task) for _, path in files}
    return {path: match for path, match in read.items() if match and match.role != LABELS}
