"""Which of several files is which modality of one case, from their names.

A certain name goes before a probable one. A probable one is used with a notice, a doubtful one only
if a role that nobody else claims follows from the other files; else it is a problem to be settled.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from os.path import commonpath
from pathlib import Path

from shaspec.io.naming import (
    LABELS,
    Certainty,
    Match,
    Reading,
    name_to_judge,
    notice,
    read_name,
    require_role,
    stem,
)
from shaspec.io.subjects import several_subjects
from shaspec.task import Task


@dataclass
class Assignment:
    """Files by role, in task order with labels last, and what could not be settled."""

    roles: dict[str, Path] = field(default_factory=dict)
    problems: dict[str, str] = field(default_factory=dict)
    """What keeps the case from being used, by role or by file name."""
    notices: list[str] = field(default_factory=list)
    unknown: list[Path] = field(default_factory=list)
    """Files whose names say no role."""


def assign(files: Iterable[tuple[str, Path]], task: Task) -> Assignment:
    """Sort files, given as (name to judge by, path), to the modalities of ``task``."""
    listed = list(files)
    readings = [read_name(name, task) for name, _ in listed]
    readings = _in_context([name for name, _ in listed], readings, task)
    found = Assignment()
    claims: dict[str, list[tuple[Path, Match]]] = {role: [] for role in (*task.names, LABELS)}
    open_ones: list[tuple[Path, Reading]] = []
    for (_, path), reading in zip(listed, readings, strict=True):
        if reading.match:
            claims[reading.match.role].append((path, reading.match))
        elif reading.candidates:
            open_ones.append((path, reading))
        else:
            found.unknown.append(path)
    certain = {role for role, claim in claims.items() if _settle(role, claim, found)}
    for path, reading in open_ones:
        _settle_doubt(path, reading, certain, found)
    return found


def assign_loose(paths: Sequence[Path], task: Task) -> Assignment:
    """Sort files that a user gave one by one; raises `InputError` if one says no role.

    Files of several patients or dates are a problem, for they are no case.
    """
    found = assign([(name_to_judge(path, task), path) for path in paths], task)
    for path in found.unknown:
        require_role(path, task)
    if len(found.roles) < len(paths) and not found.problems:
        for path in paths:  # a file that was set aside has been asked for
            if path not in found.roles.values():
                require_role(path, task)
    matches = {p: m for p in paths if (m := read_name(p.name, task).match)}
    if message := several_subjects(matches):
        found.problems.setdefault("case", message)
    return found


def doubt(role: str, paths: list[Path]) -> str:
    """What to tell a user about files that claim the same role."""
    same_folder = len({path.parent for path in paths}) == 1
    names = " and ".join(path.name if same_folder else str(path) for path in paths)
    where = f"{paths[0].parent}: " if same_folder else ""
    return (
        f"{where}{names} both look like {role}; keep one of them in the folder, or name the files "
        f"one by one ({role}=file)"
    )


def _settle(role: str, claim: Sequence[tuple[Path, Match]], found: Assignment) -> bool:
    """Choose the file of a role; True if one claims it with certainty."""
    certain = [path for path, match in claim if match.certainty is Certainty.CERTAIN]
    chosen = certain or [path for path, _ in claim]
    if len(chosen) > 1:
        found.problems[role] = doubt(role, chosen)
    elif chosen:
        found.roles[role] = chosen[0]
    for path, match in claim:
        if match.certainty is Certainty.CERTAIN or len(chosen) > 1:
            continue
        if path == chosen[0]:
            found.notices.append(notice(path, match))
        else:
            found.notices.append(f"not used: {path.name}, for {chosen[0].name} is {role}")
    return bool(certain)


def _settle_doubt(path: Path, reading: Reading, certain: set[str], found: Assignment) -> None:
    modalities = [role for role in reading.candidates if role != LABELS]
    options = " or ".join(f"{role}={path.name}" for role in reading.candidates)
    if not modalities:
        found.notices.append(
            f"not used: {path.name} ({reading.reason}); give {options} if it is the truth"
        )
    elif set(modalities) <= certain:
        taken = ", ".join(f"{role} is {found.roles[role].name}" for role in modalities
                          if role in found.roles)  # fmt: skip
        found.notices.append(f"not used: {path.name} ({reading.reason}); {taken or options}")
    else:
        found.problems[path.name] = (
            f"{path}: which modality this is, is not clear ({reading.reason}); name the files one "
            f"by one, this one as {options}, or rename it"
        )


def _in_context(names: Sequence[str], readings: Sequence[Reading], task: Task) -> list[Reading]:
    """Settle doubts by what all names begin with: the patient, who may be called ``Roi Post``."""
    shared = _shared_beginning(names)
    certain = {r.match.role for r in readings if r.match and not r.match.reason}
    if not shared or all(r.match or not r.candidates for r in readings):
        return list(readings)
    settled = []
    for name, reading in zip(names, readings, strict=True):
        rest = read_name(name[len(shared) :], task).match
        others = set(reading.candidates) - {LABELS, rest.role if rest else ""}
        fits = rest is not None and rest.role in reading.candidates and not rest.reason
        if reading.match is None and rest is not None and fits and others <= certain:
            reason = f"{shared.strip('_-. ')!r}, with which all names begin, says nothing of it"
            probable = replace(
                rest,
                certainty=Certainty.PROBABLE,
                reason=reason,
                start=rest.start + len(shared),
                stop=rest.stop + len(shared),
            )
            settled.append(Reading(probable))
        else:
            settled.append(reading)
    return settled


def _shared_beginning(names: Sequence[str]) -> str:
    """What all names begin with, up to a separator; empty for a single one."""
    if len(names) < 2:
        return ""
    shared = commonpath([stem(name) for name in names])
    cut = re.match(r".*[\W_]", shared, re.DOTALL)
    return cut.group() if cut else ""
