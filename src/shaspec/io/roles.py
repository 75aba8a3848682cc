"""List every file of one case with the role that its name suggests, for a user to check.

`shaspec.io.folders` decides which files are read; this module reports how certain each role is, and
which files a user has to assign.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from shaspec.errors import InputError
from shaspec.files.reading import is_file, is_folder
from shaspec.io.assign import Assignment, assign
from shaspec.io.case_files import CaseFiles, entries, is_input
from shaspec.io.channels import channel_case, channel_count
from shaspec.io.folders import DEPTH, find_cases
from shaspec.io.model_results import is_unedited_result
from shaspec.io.naming import (
    LABELS,
    Certainty,
    Reading,
    in_folder,
    is_result,
    is_silent,
    name_to_judge,
    read_name,
)
from shaspec.task import Task

MOST = 40  # maximum files of one case
UNUSED = ""
"""The role of a file that is not used."""


@dataclass(frozen=True)
class FileRole:
    """One file of a case."""

    path: Path
    name: str
    """The path below the folder of the case."""
    role: str | None
    """A modality, ``labels`` or `UNUSED`; None: the name fits several roles, or no role."""
    certainty: Certainty
    reason: str
    """The evidence in the name, or why it is ambiguous."""
    open: bool = False
    """Whether the user has to decide: the file may have a role that no other file has."""
    channel: int | None = None
    """Index along the fourth dimension of a 4D file; None: the whole file."""

    @property
    def place(self) -> tuple[Path, int | None]:
        """What tells it from all others: the file and the channel."""
        return self.path, self.channel


def file_roles(source: Path | Sequence[Path], task: Task) -> tuple[FileRole, ...]:
    """List the files of the case in ``source``, each with its role.

    Args:
        source: the folder of a case, its 4D file, or its files.
        task: defines the modalities.

    Returns:
        The files in order of their paths, and the channels of a 4D file one by one; empty if
        ``source`` is not one case, e.g. a folder of many cases.
    """
    if not isinstance(source, Path) or is_file(source):
        listed = [source] if isinstance(source, Path) else source
        paths = [path for path in listed if is_input(path, task)]
        if case := _channel_case(paths, task):
            return _channel_roles(case, task)
        assignment = assign(_named(paths, task), task)
        return () if isinstance(source, Path) else _roles(assignment, None, paths, task)
    folder = source
    try:
        cases = find_cases(folder, task) if is_folder(folder) else []
        paths = list(_inputs(folder, task, DEPTH)) if is_folder(folder) else []
    except InputError:
        cases, paths = [], list(_inputs(folder, task, 0)) if is_folder(folder) else []
    if len(cases) == 1 and cases[0].channel:
        return _channel_roles(cases[0], task)
    if len(cases) > 1 or not 0 < len(paths) <= MOST:
        return ()
    assignment = assign(_named(paths, task), task)
    return _roles(assignment, cases[0] if cases else None, paths, task, folder)


def _channel_case(paths: Sequence[Path], task: Task) -> CaseFiles | None:
    """The case of a single 4D file, and a label file beside it; None for other files."""
    roles = assign([(path.name, path) for path in paths], task).roles if len(paths) > 1 else {}
    scans = [path for path in paths if path != roles.get(LABELS)]
    if task.dims != 3 or len(scans) != 1 or channel_count(scans[0]) < 2:
        return None
    return channel_case(scans[0], task, True, roles.get(LABELS))


def _channel_roles(case: CaseFiles, task: Task) -> tuple[FileRole, ...]:
    """Every channel of a 4D file with its role, and the label file; empty for a time series."""
    path = next(iter(case.volumes.values()))
    count = channel_count(path)
    if not 1 < count <= MOST:
        return ()
    doubt = "; ".join(case.problems)
    taken = {index: name for name, index in (case.channel or {}).items()}
    roles = [None if doubt else taken.get(index, UNUSED) for index in range(count)]
    certainty = Certainty.DOUBTFUL if doubt else Certainty.PROBABLE
    reason = doubt or "; ".join(case.notices)
    rows = [
        FileRole(path, f"{path.name}, channel {k + 1}", role, certainty, reason, bool(doubt), k)
        for k, role in enumerate(roles)
    ]
    if case.labels is not None:
        read = read_name(case.labels.name, task).match
        said = _said(read.evidence) if read else "the label file of this name"
        rows.append(FileRole(case.labels, case.labels.name, LABELS, Certainty.PROBABLE, said))
    return tuple(rows)


def _inputs(folder: Path, task: Task, depth: int) -> Iterator[Path]:
    """The files of the task in a folder and in the folders inside it."""
    for path in entries(folder, task):
        if is_folder(path):
            if depth:
                yield from _inputs(path, task, depth - 1)
        elif is_input(path, task) and not is_result(path.name, task):
            yield path


def _named(paths: Sequence[Path], task: Task) -> list[tuple[str, Path]]:
    """(name to judge by, path): with the folder name if the file name is uninformative."""
    folders = {path.parent for path in paths}
    if len(folders) == 1:
        return [(name_to_judge(path, task), path) for path in paths]
    named = []
    for path in paths:
        alone = read_name(path.name, task)
        together = in_folder(path.parent.name, path)
        use = is_silent(alone) or (
            _is_outline(alone) and _is_of_anatomy(read_name(together, task))  # brain/mask.nii.gz
        )
        named.append((together if use else path.name, path))
    return named


def _is_outline(reading: Reading) -> bool:
    """Whether a mask was taken as that of a lesion because its name does not say of what it is."""
    return reading.match is not None and reading.match.role == LABELS and bool(reading.match.reason)


def _is_of_anatomy(reading: Reading) -> bool:
    """Whether a name says that the file is neither a modality nor the truth."""
    return reading.match is None and not reading.candidates and bool(reading.evidence)


def _roles(
    found: Assignment,
    case: CaseFiles | None,
    paths: Sequence[Path],
    task: Task,
    folder: Path | None = None,
) -> tuple[FileRole, ...]:
    taken = _taken(found, case)
    shown = folder or (paths[0].parent if paths else Path())
    masks = {path: name for name, path in found.masks.items()}
    return tuple(
        _mask_role(path, _below(path, shown), masks[path], taken)
        if path in masks
        else _file_role(path, _below(path, shown), found.readings[path], taken, task)
        for path in paths
    )


def _mask_role(path: Path, name: str, region: str, taken: Mapping[str, Path]) -> FileRole:
    """One of several masks; the first stands for the labels."""
    role = LABELS if taken.get(LABELS) == path else UNUSED
    reason = f"the mask of {region}, combined with the other masks to labels"
    return FileRole(path, name, role, Certainty.PROBABLE, reason)


def _taken(found: Assignment, case: CaseFiles | None) -> dict[str, Path]:
    """Role -> file: as the case is read if that is unambiguous, else by the names only."""
    if case is None or case.problems:
        return found.roles
    return {**case.volumes, **({LABELS: case.labels} if case.labels else {})}


def _below(path: Path, folder: Path) -> str:
    return str(path.relative_to(folder)) if path.is_relative_to(folder) else path.name


def _file_role(
    path: Path, name: str, reading: Reading, taken: Mapping[str, Path], task: Task
) -> FileRole:
    """The role of one file beside those that are ``taken``."""
    role = next((role for role, other in taken.items() if other == path), None)
    match = reading.match
    if role is not None:
        if match is None or match.role != role:
            return FileRole(path, name, role, Certainty.PROBABLE, "by the name of its folder")
        reason = match.reason or _said(match.evidence)
        return FileRole(path, name, role, match.certainty, reason)
    if match is not None and match.role == LABELS and is_unedited_result(path):
        reason = "an unedited result of a model"
        return FileRole(path, name, UNUSED, Certainty.PROBABLE, reason)
    if match is not None and match.role in taken:
        reason = f"{taken[match.role].name} is {match.role}"
        return FileRole(path, name, UNUSED, Certainty.PROBABLE, reason)
    if match is not None:
        reason = f"{_said(match.evidence)}; another file matches the same role"
        return FileRole(path, name, match.role, Certainty.DOUBTFUL, reason, open=True)
    if reading.candidates:
        free = not set(reading.candidates) <= set(taken)
        certainty = Certainty.DOUBTFUL if free else Certainty.PROBABLE
        return FileRole(path, name, None if free else UNUSED, certainty, reading.reason, free)
    if not is_silent(reading):
        return FileRole(path, name, UNUSED, Certainty.CERTAIN, reading.reason)
    roles = {*task.names, *([LABELS] if task.kind == "segmentation" else [])}
    free = not roles <= set(taken)
    return FileRole(path, name, UNUSED, Certainty.DOUBTFUL, reading.reason, free)


def _said(evidence: Sequence[str]) -> str:
    """The words of a name that match its role, for messages."""
    return f"the name contains {' '.join(evidence)!r}" if evidence else "by the ending of its name"
