"""Truths in a folder of their own beside the cases: ``masks/P7.nii.gz`` beside ``P7/``.

The folder says that its files are labels, and the name of each file says whose. A folder of BIDS
derivatives repeats the scans of its data set, so it is not searched for cases.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from shaspec.files.reading import is_folder
from shaspec.io.case_files import CaseFiles, entries, input_files
from shaspec.io.naming import LABELS, recognise, stem
from shaspec.notices import CaseNotice, NoticeKind
from shaspec.task import Task

Found = list[tuple[Path, CaseFiles]]
"""Cases and the folders where they were found."""
DERIVATIVES = "derivatives"
SHOWN = 4


def label_folders(inside: Sequence[Path], task: Task) -> list[Path]:
    """The folders of labels in ``inside``."""
    return [path for path in inside if is_label_folder(path, task)]


def is_label_folder(path: Path, task: Task) -> bool:
    """Return whether a folder has volumes and a name that says labels and nothing else."""
    match = recognise(path.name, task) if task.dims == 3 and is_folder(path) else None
    if match is None or match.role != LABELS:
        return False
    rest = path.name[: match.start] + path.name[match.stop :]
    return not re.search(r"[^\W_]", rest) and bool(input_files(entries(path, task), task))


def is_for_labels(folder: Path) -> bool:
    """Return whether a folder has the labels of the images in the folder beside it."""
    images = folder.with_name(folder.name.replace("labels", "images"))
    return folder.name.startswith("labelsT") or (images != folder and is_folder(images))


def derivatives(inside: Sequence[Path]) -> list[Path]:
    """The folder of derivatives of a BIDS data set among the entries of its folder."""
    if not any(path.name.startswith("sub-") and is_folder(path) for path in inside):
        return []
    return [path for path in inside if path.name == DERIVATIVES and is_folder(path)]


def with_truths(found: Found, folders: Sequence[Path], task: Task) -> Found:
    """The cases with the truths that lie in ``folders`` and are named after them.

    A single case takes a single file of any name. Notices say which file was taken, and which
    files belong to no case.
    """
    files = [path for folder in folders for path in input_files(entries(folder, task), task)]
    if not files or not found:
        return found
    left, cases = set(files), []
    for where, case in found:
        own = [path for path in files if _whose(path, task) == case.name]
        own = files if not own and len(files) == len(found) == 1 else own
        left -= {*own, *case.label_files}
        own = [path for path in own if path not in case.label_files]
        if len(own) == 1 and case.labels is None and not case.problems:
            text = f"{own[0].name} was used as labels because of its folder, {own[0].parent.name}"
            case = replace(case, labels=own[0], notices=(*case.notices, text))
        elif own:
            names = ", ".join(path.name for path in own[:SHOWN])
            text = f"not used as labels: {names} in the folder {own[0].parent.name}"
            case = replace(case, notices=(*case.notices, _unused(text)))
        cases.append((where, case))
    if left:
        names = ", ".join(path.name for path in sorted(left)[:SHOWN])
        folder = min(left).parent.name
        text = f"not used as labels: {names} in the folder {folder}, of no case by their names"
        where, case = cases[0]
        cases[0] = (where, replace(case, notices=(*case.notices, _unused(text))))
    return cases


def without_derivatives(found: Found, skipped: Sequence[Path]) -> Found:
    """The cases, which say that derivatives were not searched for their labels."""
    text = _unused(f"labels in the folder {DERIVATIVES} were not searched; give them file by file")
    return (
        [
            (where, replace(case, notices=(*case.notices, text)) if case.labels is None else case)
            for where, case in found
        ]
        if skipped
        else found
    )


def _unused(text: str) -> CaseNotice:
    return CaseNotice(text, NoticeKind.LABELS_UNUSED)


def anonymous(folder: Path, task: Task) -> bool:
    """Return whether no file of a folder of labels says whose it is: ``seg.nii`` of a case whose
    scans are missing."""
    return not any(_whose(path, task) for path in input_files(entries(folder, task), task))


def _whose(path: Path, task: Task) -> str:
    """The name of the case that a truth is named after: ``P7`` of ``P7_mask.nii``."""
    match = recognise(path.name, task)
    text = stem(path.name)
    return text[: match.start].strip(" _-.") if match else text
