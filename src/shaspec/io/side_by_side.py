"""Cases whose files are together in one folder: by name, by patient, or by channel number."""

from __future__ import annotations

from pathlib import Path

from shaspec.files.reading import is_file, is_file_or_link
from shaspec.io.assign import assign
from shaspec.io.case_files import CaseFiles, from_roles, input_files
from shaspec.io.description import DESCRIPTION, channel_order
from shaspec.io.formats.table import ENDINGS
from shaspec.io.grouping import channel_of, group_by_channel, group_by_word
from shaspec.io.naming import LABELS, Match, parts, recognise
from shaspec.io.patient_words import visits
from shaspec.io.subjects import Subject, by_subject, in_doubt, subject_name, subject_of
from shaspec.task import Task


def side_by_side(
    folder: Path, inside: list[Path], task: Task, with_labels: bool
) -> list[CaseFiles]:
    """The cases of a folder with one file per case and modality; empty for other folders."""
    files = input_files(inside, task)
    if not files:
        return []
    notices: tuple[str, ...] = ()
    groups = group_by_word(files, task)
    numbers = {c[1] for p in files if (c := channel_of(p.name))}
    if not groups and folder.name.startswith("imagesT") and 0 in numbers:
        description = folder.parent / DESCRIPTION
        described = is_file(description)
        order = channel_order(description, task) if described else list(task.names)
        groups = group_by_channel(files, order)
        source = "by dataset.json" if described else "no dataset.json"
        notices = (f"channels 0000, 0001, ... are {', '.join(order)} ({source})",)
    if not groups:
        return _by_subject(files, task, with_labels) if task.dims == 3 else []
    cases = []
    for name, roles in groups.items():
        task_roles = {m: roles[m] for m in (*task.names, LABELS) if m in roles}
        labels = folder.with_name(folder.name.replace("images", "labels"))
        beside = (labels / f"{name}{ending}" for ending in ENDINGS)
        label_file = next((p for p in beside if labels != folder and is_file_or_link(p)), None)
        if label_file and LABELS not in task_roles:
            task_roles[LABELS] = label_file
        cases.append(from_roles(name, task_roles, notices, with_labels=with_labels))
    return cases


def _by_subject(files: list[Path], task: Task, with_labels: bool) -> list[CaseFiles]:
    """A case for each patient and date, if every file names its patient."""
    read = {path: recognise(path.name, task) for path in files}
    modal = {path: m for path, m in read.items() if m and m.role != LABELS}
    groups = by_subject(modal)
    named = {path: match for path, match in read.items() if match and _front(path, match)}
    if len(groups) < 2 or () in groups or in_doubt(named):
        return []
    others = {path: read[path] for path in files if path not in modal}
    strange = [p for p, match in others.items() if not any(_of(p, match, s) for s in groups)]
    cases = []
    for subject, own in groups.items():
        beside = [p for p, match in others.items() if _of(p, match, subject)]
        assignment = assign([(p.name, p) for p in (*own, *beside)], task)
        labels = assignment.roles.pop(LABELS, None)
        if not with_labels:
            labels, _ = None, assignment.problems.pop(LABELS, None)
        unknown = ", ".join(p.name for p in (*assignment.unknown, *strange))
        notices = [f"not recognised and not used: {unknown}"] if unknown else []
        cases.append(
            CaseFiles(
                name=subject_name(own[0].name, modal[own[0]]),
                volumes=assignment.roles,
                labels=labels,
                masks=assignment.masks if labels else {},
                problems=tuple(assignment.problems.values()),
                notices=(*notices, *assignment.notices),
            )
        )
    return sorted(cases, key=lambda case: case.name)


def _front(path: Path, match: Match) -> Subject:
    return subject_of(path.name, match)


def _of(path: Path, match: Match | None, subject: Subject) -> bool:
    """Return whether a file is of a patient, date and visit."""
    if match is not None:
        own = subject_of(path.name, match)
        return subject in (own, (*own, *visits(path.name)))
    return tuple(parts(path.name)[: len(subject)]) == subject
