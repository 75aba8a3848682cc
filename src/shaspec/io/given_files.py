"""Which files a case is read from, however they are given."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from shaspec.errors import InputError
from shaspec.io.assign import assign_loose
from shaspec.io.folders import CaseFiles, find_case
from shaspec.io.formats.table import header_files
from shaspec.io.model_results import is_unedited_result, result_notice
from shaspec.io.naming import LABELS, common_name
from shaspec.task import Task

Source = str | Path | CaseFiles | Sequence[str | Path] | Mapping[str, str | Path]


def files_of(source: Source, task: Task, with_labels: bool) -> CaseFiles:
    """The files of a case, however they are given; see `read_case`. Reads no voxels.

    Raises:
        InputError: if files cannot be found or told apart.
    """
    notices: tuple[str, ...] = ()
    masks: Mapping[str, Path] = {}
    if isinstance(source, CaseFiles):
        return source if with_labels else replace(source, labels=None, masks={})
    if isinstance(source, str | Path):
        return find_case(source, task, with_labels=with_labels)
    if isinstance(source, Mapping):
        roles = _named(source, task)
    else:
        paths = header_files(Path(p) for p in source)
        if len(paths) == 1:
            return find_case(paths[0], task, with_labels=with_labels)
        assignment = assign_loose(paths, task)
        if assignment.problems:
            raise InputError(next(iter(assignment.problems.values())))
        roles, notices, masks = assignment.roles, tuple(assignment.notices), assignment.masks
        truth = roles.get(LABELS)
        if truth is not None and is_unedited_result(truth):
            del roles[LABELS]
            notices = (*notices, result_notice(truth))
    labels = roles.pop(LABELS, None)
    if not roles:
        raise InputError(f"no modality was given: pass at least one of {task.title_names}")
    name = common_name(list(roles.values()), task)
    if not with_labels:
        return CaseFiles(name, roles, notices=notices)
    return CaseFiles(name, roles, labels, notices=notices, masks=masks)


def _named(source: Mapping[str, str | Path], task: Task) -> dict[str, Path]:
    """A user's mapping with the task's spelling of the names, in task order."""
    spelled = {role.lower(): role for role in (*task.names, LABELS)}
    unknown = [key for key in source if key.lower() not in spelled]
    if unknown:
        raise InputError(
            f"unknown modality {', '.join(unknown)}: task {task.name!r} has {task.title_names}, "
            f"and {LABELS!r} for the label file"
        )
    given = {spelled[key.lower()]: Path(path) for key, path in source.items()}
    return {role: given[role] for role in spelled.values() if role in given}
