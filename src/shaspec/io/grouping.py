"""Files of many cases in one folder, told apart by their names: ``case_T1.nii``, ``case_0000.nii``.

What a name says beside the modality is the name of the case. Four digits at the end are the channel
of nnU-Net's raw folders, unless the task has a word for them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from pathlib import Path

from shaspec.errors import InputError
from shaspec.io.images import is_image
from shaspec.io.naming import LABELS, Match, doubt, is_result, parts, recognise, stem
from shaspec.io.sound import is_sound
from shaspec.task import Task

CHANNEL = re.compile(r"(?P<case>.+)_(?P<channel>\d{4})", re.ASCII)


def channel_of(name: str) -> tuple[str, int] | None:
    """``"liver_012_0001.nii.gz"`` -> ``("liver_012", 1)``; None for other names."""
    found = CHANNEL.fullmatch(stem(name))
    return (found["case"], int(found["channel"])) if found else None


def group_by_channel(files: Sequence[Path], order: Sequence[str]) -> dict[str, dict[str, Path]]:
    """Case -> modality -> file by nnU-Net's channel numbers; empty if a file has no such number.

    ``order`` names the channels; a channel beyond it is left out.
    """
    cases: dict[str, dict[str, Path]] = {}
    for path in files:
        found = channel_of(path.name)
        if found is None:
            return {}
        case, channel = found
        if channel < len(order):
            cases.setdefault(case, {})[order[channel]] = path
    return cases


def group_by_word(files: Iterable[Path], task: Task) -> dict[str, dict[str, Path]]:
    """Case -> modality or ``labels`` -> file by the words of the task; empty if these are no cases.

    They are if every file says what it is and of which case, no two files claim the same, and at
    least two cases have more than one file: so a second T1 of one patient is no second patient.
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
    order = (*task.names, LABELS)
    return {
        case: {role: cases[case][role] for role in order if role in cases[case]}
        for case in sorted(cases)
    }


def group_by_folder(inside: Iterable[Path], task: Task) -> dict[str, list[Path]]:
    """Role -> its pictures, where every role has a folder of its own; empty for other layouts.

    A folder of a case is told apart by pictures whose own names say another role than the folder's.
    """
    found: dict[str, list[Path]] = {}
    for folder in inside:
        match = recognise(folder.name, task) if folder.is_dir() else None
        inner = sorted(folder.iterdir()) if match else []
        readable = [p for p in inner if is_image(p) or is_sound(p)]
        readable = [p for p in readable if not is_result(p.name, task)]
        pictures = [p for p in readable if p.is_file() and p.name[0] != "."]
        if match is None or not pictures:
            continue
        own = {m.role for p in pictures if (m := recognise(p.name, task))}
        if match.role in found or not own <= {match.role}:
            return {}
        found[match.role] = pictures
    return found if set(found) & set(task.names) else {}


def by_stem(folders: dict[str, list[Path]], task: Task) -> dict[str, dict[str, Path]]:
    """Name of a case -> role -> file, by what the names in folders of one modality share."""
    cases: dict[str, dict[str, Path]] = {}
    for role in (*task.names, LABELS):
        for path in folders.get(role, []):
            match = recognise(path.name, task)  # the end of 0001_rgb.png is not the case's
            name = "_".join(parts(path.name)[: match.start]) if match else stem(path.name)
            roles = cases.setdefault(name, {})
            if role in roles:
                raise InputError(doubt(role, [roles[role], path]))
            roles[role] = path
    return dict(sorted(cases.items(), key=lambda item: _counting(item[0])))


def _counting(name: str) -> list[tuple[int, str]]:
    """Sorts 9 before 10."""
    return [(int(p), "") if p.isdecimal() else (-1, p) for p in parts(name)]


def _rest(name: str, match: Match) -> str:
    """The name without the parts that say the modality, in its own spelling."""
    spelled = list(re.finditer(r"[A-Za-z0-9]+", stem(name)))
    assert len(spelled) == len(parts(name))
    text = stem(name)
    before = text[: spelled[match.start - 1].end()] if match.start else ""
    after = text[spelled[match.stop].start() :] if match.stop < len(spelled) else ""
    return "_".join(piece for piece in (before, after) if piece)
