"""Which of several files is which modality of one case, from their names.

A certain name goes before a probable one. A probable one is used with a notice, a doubtful one only
if a role that nobody else claims follows from the other files; else it is a problem to be settled.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from itertools import takewhile
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
from shaspec.io.nifti import is_nifti
from shaspec.io.subjects import of_another, several_subjects
from shaspec.task import Task

GIVEN_NAME = ("roi",)
"""Words for a label map that are a given name as well."""


@dataclass
class Assignment:
    """Files by role, in task order with labels last, and what could not be settled."""

    roles: dict[str, Path] = field(default_factory=dict)
    problems: dict[str, str] = field(default_factory=dict)
    """What keeps the case from being used, by role or by file name."""
    notices: list[str] = field(default_factory=list)
    unknown: list[Path] = field(default_factory=list)
    """Files whose names say no role."""
    readings: dict[Path, Reading] = field(default_factory=dict)
    """What the name of each file says."""


def assign(files: Iterable[tuple[str, Path]], task: Task) -> Assignment:
    """Sort files, given as (name to judge by, path), to the modalities of ``task``."""
    listed = list(files)
    readings = [read_name(name, task) for name, _ in listed]
    readings = _in_context([name for name, _ in listed], readings, task)
    found = Assignment(readings={p: r for (_, p), r in zip(listed, readings, strict=True)})
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
    named = [(name_to_judge(path, task), path) for path in paths]
    found = assign(named, task)
    by_folder = [path for name, path in named if name != path.name]
    if by_folder and task.dims == 3:
        names = ", ".join(f"{path.parent.name}/{path.name}" for path in by_folder)
        found.notices.append(f"{names}: the modality is that of the folder")
    for path in found.unknown:
        require_role(path, task)
    if len(found.roles) < len(paths) and not found.problems:
        for path in paths:  # a file that was set aside has been asked for
            if path not in found.roles.values():
                require_role(path, task)
    matches = {p: m for p in paths if (m := read_name(p.name, task).match)}
    scans = {path: match for path, match in matches.items() if match.role != LABELS}
    message = several_subjects(scans) if scans else ""
    labels = found.roles.get(LABELS)
    if not message and scans and labels in matches:
        message = of_another(labels, matches[labels], scans)
    if message:
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
    chosen = _without_copies(certain or [path for path, _ in claim], found)
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


def _without_copies(paths: list[Path], found: Assignment) -> list[Path]:
    """The files without those that are in NIfTI too, under the same name: ``x.mha``, ``x.nii``."""
    nifti = {path.with_name(stem(path.name)): path for path in paths if is_nifti(path)}
    kept = []
    for path in paths:
        twin = nifti.get(path.with_name(stem(path.name)), path)
        if is_nifti(path) or twin == path:
            kept.append(path)
        else:
            found.notices.append(f"not used: {path.name}, for {twin.name} has the same name")
    return kept


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
    if not shared:
        return list(readings)
    inner = [read_name(name[len(shared) :], task).match for name in names]
    seen = [_not_all_after(r, rest, shared) for r, rest in zip(readings, inner, strict=True)]
    certain = {r.match.role for r in seen if r.match and not r.match.reason}
    return [_settled(r, rest, shared, certain) for r, rest in zip(seen, inner, strict=True)]


def _not_all_after(reading: Reading, rest: Match | None, shared: str) -> Reading:
    """A doubt if only ``post`` in front of all names says that contrast agent was given."""
    match = reading.match
    if match is None or rest is None or rest.role == match.role:
        return reading
    said = [word.lower() for word in match.evidence]
    if match.start >= len(shared) or "post" not in said or len(said) != 2:
        return reading
    reason = "'post', in front of all names, may be a name, a time or contrast agent"
    return Reading(None, (rest.role, match.role), reason, ("post",))


def _settled(reading: Reading, rest: Match | None, shared: str, certain: set[str]) -> Reading:
    """The reading without the shared beginning, if that alone made it doubtful."""
    if reading.match or rest is None or rest.reason or rest.role not in reading.candidates:
        return reading
    label = LABELS in reading.candidates and reading.evidence != GIVEN_NAME
    others = set(reading.candidates) - {LABELS, rest.role}
    if label or not others <= certain:
        return reading
    match = replace(
        rest,
        certainty=Certainty.PROBABLE,
        reason=f"{shared.strip('_-. ')!r}, with which all names begin, was read as the patient",
        start=rest.start + len(shared),
        stop=rest.stop + len(shared),
    )
    return Reading(match)


def _shared_beginning(names: Sequence[str]) -> str:
    """What all names begin with, up to a separator; empty for a single one."""
    columns = zip(*(stem(name) for name in names), strict=False)
    same = list(takewhile(lambda column: len(set(column)) == 1, columns))
    shared = "".join(column[0] for column in same) if len(names) > 1 else ""
    cut = re.match(r".*[\W_]", shared, re.DOTALL)
    return cut.group() if cut else ""
