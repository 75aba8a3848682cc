"""Search a folder and its subfolders for the files of cases."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

from shaspec.errors import InputError
from shaspec.files.reading import is_folder, resolved
from shaspec.io.case_files import CaseFiles, entries, input_files
from shaspec.io.channels import channel_case, channel_cases, holds_channels
from shaspec.io.empty_folders import outside_of_cases, stray_notice, without_case_notice
from shaspec.io.folder_case import folder_case
from shaspec.io.formats.table import is_volume
from shaspec.io.grouping import by_stem, group_by_folder
from shaspec.io.label_folders import (
    anonymous,
    derivatives,
    is_for_labels,
    label_folders,
    with_truths,
    without_derivatives,
)
from shaspec.io.linked import without_links
from shaspec.io.model_results import is_unedited_result, result_notice
from shaspec.io.naming import LABELS, stem
from shaspec.io.patient_words import is_time
from shaspec.io.sequence_folders import sequence_case
from shaspec.io.side_by_side import side_by_side
from shaspec.task import Task

INNER = re.compile(
    r"anat|images?|scans?|mri?|nii|nifti|raw|orig(?:inals?)?|native|input|"
    r"(?:pre|post)?[-_ ]?process(?:ed|ing)|(?:co[-_ ]?)?registered|"
    r"(?:skull[-_ ]?)?stripped|prepared",
    re.IGNORECASE,
)
"""Folders inside that of a case, as in BIDS and XNAT, which do not name it."""


def name_of(folder: Path) -> str:
    """The name of a case folder, preceded by that of its parent if it is called ``anat``, or if it
    tells a time alone: ``P7_2020-02-02``."""
    folder = resolved(folder)
    inner = INNER.fullmatch(folder.name) or is_time(folder.name)
    return f"{name_of(folder.parent)}_{folder.name}" if inner and folder.name else folder.name


def cases_below(
    folder: Path,
    task: Task,
    with_labels: bool,
    depth: int,
    told: Callable[[str], None] = lambda _: None,
) -> Iterator[CaseFiles]:
    """Cases in ``folder``: the folder itself, else its subfolders, with unique names."""
    folders = [
        (where, without_result(case)) for where, case in _search(folder, task, with_labels, depth)
    ]
    empty, stray = outside_of_cases(folder, folders, task)
    for text in (without_case_notice(empty, depth), stray_notice(stray)):
        if text:
            told(text)
    kept = without_links(folders, folder)
    counts = Counter(case.name for _, case in kept)
    for where, case in kept:
        if counts[case.name] > 1:  # e.g. every case keeps its files in a folder "anat"
            case = replace(case, name="_".join(where.relative_to(folder).parts))
        elif case.name == where.name and is_folder(where):
            case = replace(case, name=name_of(where))
        yield case


def without_result(case: CaseFiles) -> CaseFiles:
    """The case without a truth that is the result of a model under another name."""
    if case.labels is None or not is_unedited_result(case.labels):
        return case
    notices = (*case.notices, result_notice(case.labels))
    return replace(case, labels=None, masks={}, notices=notices)


def _search(
    folder: Path, task: Task, with_labels: bool, depth: int
) -> Iterator[tuple[Path, CaseFiles]]:
    inside = entries(folder, task)
    beside = label_folders(inside, task) if with_labels else []
    several = side_by_side(folder, inside, task, with_labels)
    if several:
        yield from with_truths([(folder / case.name, case) for case in several], beside, task)
        return
    if holds_channels(folder):
        for path in inside:
            if not is_folder(path) and is_volume(path):
                yield path.with_name(stem(path.name)), channel_case(path, task, with_labels)
        return
    by_modality = group_by_folder(inside, task)
    if by_modality:
        cases, doubts = by_stem(by_modality, task)
        for stem_, roles in cases.items():
            labels = roles.pop(LABELS, None)
            name = stem_ or resolved(folder).name  # rgb/rgb.png, depth/depth.png: one case
            if roles:
                labels = labels if with_labels else None
                yield (
                    folder / name,
                    CaseFiles(name, roles, labels, problems=tuple(doubts.get(stem_, ()))),
                )
        return
    several = channel_cases(input_files(inside, task), task, with_labels)
    if several:
        yield from ((folder / case.name, case) for case in several)
        return
    case = folder_case(folder, inside, task, with_labels)
    case = case or sequence_case(folder, inside, task, with_labels)
    inner: list[tuple[Path, CaseFiles]] = []
    if depth and (case is None or _may_be_stray(case)):
        beside, skipped = label_folders(inside, task), derivatives(inside)
        others = [p for p in inside if is_folder(p) and p not in (*beside, *skipped)]
        for path in others:
            if not is_for_labels(path):
                inner += _guarded(path, _search(path, task, with_labels, depth - 1))
        for path in [p for p in beside if not inner or (len(inner) > 1 and anonymous(p, task))]:
            inner += _guarded(path, _search(path, task, with_labels, depth - 1))
            beside.remove(path)
        if with_labels:
            inner = list(without_derivatives(with_truths(inner, beside, task), skipped))
    if case is None or sum(not _may_be_stray(found) for _, found in inner) > 1:
        yield from inner
    else:
        yield folder, case


def _may_be_stray(case: CaseFiles) -> bool:
    """True for one modality or none: beside folders of cases, such a file is not a case."""
    return case.channel is None and len(case.volumes) < 2


def _guarded(
    folder: Path, found: Iterator[tuple[Path, CaseFiles]]
) -> Iterator[tuple[Path, CaseFiles]]:
    """What is ``found`` in one of many folders; an error becomes a problem of one case."""
    try:
        yield from list(found)
    except InputError as error:
        yield folder, CaseFiles(folder.name, {}, problems=(str(error),))
