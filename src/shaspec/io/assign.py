"""Assign the files of one case to modalities by their names.

A certain match takes precedence over a probable one. A probable match is used with a notice. A
doubtful file is used only if the other files leave a single role for it; otherwise it is reported
as a problem.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from shaspec.io.context import in_context
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
from shaspec.io.region_masks import INSTEAD, are_sufficient, mask_files, mask_match
from shaspec.io.subjects import several_subjects
from shaspec.io.truth_names import of_another
from shaspec.io.volumes import same_scan
from shaspec.notices import CaseNotice, NoticeKind
from shaspec.task import Task


@dataclass
class Assignment:
    """Files by role, in task order with labels last, and the problems that remain."""

    roles: dict[str, Path] = field(default_factory=dict)
    problems: dict[str, str] = field(default_factory=dict)
    """Problems that prevent the case from being used, by role or file name."""
    notices: list[str] = field(default_factory=list)
    unknown: list[Path] = field(default_factory=list)
    """Files whose names match no role."""
    readings: dict[Path, Reading] = field(default_factory=dict)
    """The reading of each file name."""
    masks: dict[str, Path] = field(default_factory=dict)
    """Region or label -> mask, if the labels are in several files; ``roles`` has the first."""

    explained: set[Path] = field(default_factory=set)
    """Files whose notices say why they have their roles."""

    @property
    def label_files(self) -> tuple[Path, ...]:
        """Every file of the labels."""
        labels = self.roles.get(LABELS)
        return tuple(self.masks.values()) or ((labels,) if labels else ())

    def explain(self, path: Path, text: str) -> None:
        """Add the notice why a file has its role."""
        self.notices.append(text)
        self.explained.add(path)


def assign(files: Iterable[tuple[str, Path]], task: Task) -> Assignment:
    """Assign files, given as (name to judge by, path), to the modalities of ``task``."""
    listed = list(files)
    readings = [read_name(name, task) for name, _ in listed]
    readings = in_context([name for name, _ in listed], readings, task)
    assignment = Assignment(readings={p: r for (_, p), r in zip(listed, readings, strict=True)})
    claims: dict[str, list[tuple[Path, Match]]] = {role: [] for role in (*task.names, LABELS)}
    open_ones: list[tuple[Path, Reading]] = []
    for (_, path), reading in zip(listed, readings, strict=True):
        if reading.match:
            claims[reading.match.role].append((path, reading.match))
        elif reading.candidates:
            open_ones.append((path, reading))
        else:
            assignment.unknown.append(path)
    claims[LABELS] = _without_masks(listed, claims[LABELS], assignment, task)
    certain = {role for role, claim in claims.items() if _settle(role, claim, assignment)}
    if assignment.masks:
        assignment.roles[LABELS] = next(iter(assignment.masks.values()))
    for path, reading in open_ones:
        _settle_doubt(path, reading, certain, assignment)
    return assignment


def _without_masks(
    listed: Sequence[tuple[str, Path]],
    claim: list[tuple[Path, Match]],
    found: Assignment,
    task: Task,
) -> list[tuple[Path, Match]]:
    """The files that may be the labels, without masks of one region each, which become
    ``found.masks`` if no other file may be the labels and if they tell all labels apart."""
    if task.dims != 3:
        return claim
    claimed = {path for path, _ in claim} | set(found.unknown)
    masks = mask_files([(name, path) for name, path in listed if path in claimed], task)
    if not masks:
        return claim
    rest = [(path, match) for path, match in claim if path not in masks.values()]
    names = ", ".join(path.name for path in masks.values())
    found.unknown = [path for path in found.unknown if path not in masks.values()]
    if rest:
        found.notices.append(f"not used: {names}; {rest[0][0].name} is the label map")
    elif are_sufficient(masks, task):
        found.masks = masks
    else:
        text = (
            f"not used as labels: {names}; masks of {', '.join(masks)} alone do not tell all "
            f"labels apart: {INSTEAD}"
        )
        found.notices.append(CaseNotice(text, NoticeKind.LABELS_UNUSED))
    return rest


def assign_loose(paths: Sequence[Path], task: Task) -> Assignment:
    """Assign files that a user listed one by one; raises `InputError` if a name matches no role.

    Files of several patients or dates are reported as a problem.
    """
    named = [(name_to_judge(path, task), path) for path in paths]
    assignment = assign(named, task)
    by_folder = [path for name, path in named if name != path.name]
    if by_folder and task.dims == 3:
        names = ", ".join(f"{path.parent.name}/{path.name}" for path in by_folder)
        assignment.notices.append(f"{names}: the modality was taken from the folder name")
    for path in assignment.unknown:
        require_role(path, task)
    if (
        len(assignment.roles) + max(0, len(assignment.masks) - 1) < len(paths)
        and not assignment.problems
    ):
        for path in paths:  # the user listed a file that was set aside
            if path not in (*assignment.roles.values(), *assignment.masks.values()):
                require_role(path, task)
    matches = {p: m for p in paths if (m := read_name(p.name, task).match)}
    scans = {path: match for path, match in matches.items() if match.role != LABELS}
    message = several_subjects(scans) if scans else ""
    labels = assignment.roles.get(LABELS)
    if not message and scans and labels:
        match = mask_match(labels, task) if assignment.masks else matches.get(labels)
        message = of_another(labels, match, scans) if match else ""
    if message:
        assignment.problems.setdefault("case", message)
    return assignment


def doubt(role: str, paths: list[Path]) -> str:
    """The message for files that match the same role."""
    same_folder = len({path.parent for path in paths}) == 1
    names = " and ".join(path.name if same_folder else str(path) for path in paths)
    where = f"{paths[0].parent}: " if same_folder else ""
    return (
        f"{where}{names} both look like {role}; keep one of them in the folder, or list the files "
        f"one by one ({role}=file)"
    )


def _settle(role: str, claim: Sequence[tuple[Path, Match]], found: Assignment) -> bool:
    """Choose the file of a role; returns True if a file matches it with certainty."""
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
            found.explain(path, notice(path, match))
        else:
            found.notices.append(f"not used: {path.name}; {chosen[0].name} is {role}")
    return bool(certain)


def _without_copies(paths: list[Path], found: Assignment) -> list[Path]:
    """Drop files that also exist as NIfTI under the same name (``x.mha``, ``x.nii``), and copies of
    other files (``x.nii``, ``x.nii.gz``)."""
    nifti = {path.with_name(stem(path.name)): path for path in paths if is_nifti(path)}
    kept = []
    for path in paths:
        twin = nifti.get(path.with_name(stem(path.name)), path)
        if is_nifti(path) or twin == path:
            kept.append(path)
        else:
            found.notices.append(f"not used: {path.name}; {twin.name} has the same name")
    for path in kept[1:]:
        original = next((p for p in kept[: kept.index(path)] if same_scan(p, path)), None)
        if original is not None:
            kept.remove(path)
            found.notices.append(f"not used: {path.name}; {original.name} has the same voxels")
    return kept


def _settle_doubt(path: Path, reading: Reading, certain: set[str], found: Assignment) -> None:
    modalities = [role for role in reading.candidates if role != LABELS]
    options = " or ".join(f"{role}={path.name}" for role in reading.candidates)
    if not modalities:
        text = f"not used: {path.name} ({reading.reason}); pass {options} if it is the reference"
        found.notices.append(CaseNotice(text, NoticeKind.LABELS_UNUSED))
    elif set(modalities) <= certain:
        taken = ", ".join(f"{role} is {found.roles[role].name}" for role in modalities
                          if role in found.roles)  # fmt: skip
        kind = NoticeKind.LABELS_UNUSED if LABELS in reading.candidates else NoticeKind.WARNING
        text = f"not used: {path.name} ({reading.reason}); {taken or options}"
        found.notices.append(CaseNotice(text, kind))
    else:
        found.problems[path.name] = (
            f"{path}: the modality of this file is unclear ({reading.reason}); list the files one "
            f"by one, this one as {options}, or rename it"
        )
