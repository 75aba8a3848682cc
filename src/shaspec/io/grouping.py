"""Group the files of many cases in one folder by name: ``case_T1.nii``, ``case_0000.nii``.

The name without the modality is the name of the case. Four digits at the end are the channel of
nnU-Net's raw folders, unless they are a word of the task.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from pathlib import Path

from shaspec.files.reading import is_folder
from shaspec.io.assign import doubt
from shaspec.io.case_files import entries, input_files
from shaspec.io.naming import LABELS, Match, parts, recognise, stem
from shaspec.io.subjects import by_subject
from shaspec.task import Task

CHANNEL = re.compile(r"(?P<case>.+)_(?P<channel>\d{4})", re.ASCII)


def channel_of(name: str) -> tuple[str, int] | None:
    """``"liver_012_0001.nii.gz"`` -> ``("liver_012", 1)``; None for other names."""
    match = CHANNEL.fullmatch(stem(name))
    return (match["case"], int(match["channel"])) if match else None


def group_by_channel(files: Sequence[Path], order: Sequence[str]) -> dict[str, dict[str, Path]]:
    """Case -> modality -> file by nnU-Net's channel numbers; empty if a file has no such number.

    ``order`` names the channels; further channels are ignored.
    """
    cases: dict[str, dict[str, Path]] = {}
    for path in files:
        channel_match = channel_of(path.name)
        if channel_match is None:
            return {}
        case, channel = channel_match
        if channel < len(order):
            cases.setdefault(case, {})[order[channel]] = path
    return cases


def group_by_word(files: Iterable[Path], task: Task) -> dict[str, dict[str, Path]]:
    """Case -> modality or ``labels`` -> file by the words of the task; empty if there are none.

    Files are cases if every file name contains a role and a case name, no two files match the same
    role of a case, and at least two cases have more than one file. A second T1 of one patient is
    therefore not a second patient.
    """
    cases: dict[str, dict[str, Path]] = {}
    for path in files:
        match = recognise(path.name, task)
        case = _rest(path.name, match) if match else ""
        if not match or not case or match.role in cases.get(case, {}):
            return {}
        cases.setdefault(case, {})[match.role] = path
    several = [roles for roles in cases.values() if len(roles) > 1]
    if len(several) < 2 or any(set(roles) == {LABELS} for roles in cases.values()):
        return {}
    if not _many(cases, task):
        return {}
    order = (*task.names, LABELS)
    return {
        case: {role: cases[case][role] for role in order if role in cases[case]}
        for case in sorted(cases)
    }


def _many(cases: dict[str, dict[str, Path]], task: Task) -> bool:
    """Return whether the names belong to several cases: a role occurs twice, or patients differ."""
    roles = [role for case in cases.values() for role in case]
    files = [path for case in cases.values() for path in case.values()]
    matches = {path: m for path in files if (m := recognise(path.name, task))}
    return len(set(roles)) < len(roles) or len(by_subject(matches)) > 1


def group_by_folder(inside: Iterable[Path], task: Task) -> dict[str, list[Path]]:
    """Role -> its files, if every role has a separate folder; empty for other layouts.

    A case folder is recognised by files whose names match another role than the folder's.
    Volumes are grouped only if a folder has several: otherwise each folder is a sequence of a case.
    """
    by_folder: dict[str, list[Path]] = {}
    for folder in inside:
        match = recognise(folder.name, task) if is_folder(folder) else None
        files = input_files(entries(folder, task), task) if match else []
        if match is None or not files:
            continue
        own = {m.role for p in files if (m := recognise(p.name, task))}
        if match.role in by_folder or not own <= {match.role}:
            return {}
        by_folder[match.role] = files
    if not set(by_folder) & set(task.names) or (
        task.dims == 3 and not _shared_stems(by_folder, task)
    ):
        return {}
    return by_folder


def _shared_stems(folders: dict[str, list[Path]], task: Task) -> bool:
    """Return whether folders of volumes contain several cases, by names repeated in each folder."""
    names = [{_case_name(path, task) for path in files} for files in folders.values()]
    several = all(len(files) > 1 for files in folders.values()) or len(names) > 1
    return several and any(len(n) > 1 for n in names) and all(n & names[0] for n in names)


def by_stem(
    folders: dict[str, list[Path]], task: Task
) -> tuple[dict[str, dict[str, Path]], dict[str, list[str]]]:
    """Case name -> role -> file, by the common part of the names in folders of one modality.

    Also returns case name -> its problems: two files for one role.
    """
    cases: dict[str, dict[str, Path]] = {}
    doubts: dict[str, list[str]] = {}
    for role in (*task.names, LABELS):
        for path in folders.get(role, []):
            name = _case_name(path, task)
            roles = cases.setdefault(name, {})
            if role in roles:
                doubts.setdefault(name, []).append(doubt(role, [roles[role], path]))
            roles.setdefault(role, path)
    return dict(sorted(cases.items(), key=lambda item: _counting(item[0]))), doubts


def _case_name(path: Path, task: Task) -> str:
    """The file name without its last part if that repeats the modality: ``0001_rgb.png``."""
    match = recognise(path.name, task)
    text = stem(path.name)
    return "_".join(parts(text[: match.start])) if match else text


def _counting(name: str) -> list[tuple[int, str]]:
    """Sorts 9 before 10."""
    return [(int(p), "") if p.isdecimal() else (-1, p) for p in parts(name)]


def _rest(name: str, match: Match) -> str:
    """The name without the part that names the modality, in its original spelling."""
    text = stem(name)
    pieces = (text[: match.start].strip(" _-."), text[match.stop :].strip(" _-."))
    return "_".join(piece for piece in pieces if piece)
