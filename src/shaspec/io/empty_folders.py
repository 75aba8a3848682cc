"""Folders in which something is missing, and files that belong to no case.

Such as patients who were not copied, empty sequences, an atlas beside the folders of patients.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Container, Sequence
from pathlib import Path

from shaspec.files.reading import is_folder
from shaspec.io.case_files import CaseFiles, entries, input_files
from shaspec.io.label_folders import derivatives, is_for_labels, label_folders
from shaspec.io.naming import recognise
from shaspec.io.unread import is_dicom_folder
from shaspec.task import Task

SHOWN = 6


def outside_of_cases(
    root: Path, found: Sequence[tuple[Path, CaseFiles]], task: Task
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """What lies beside the folders of cases and belongs to none.

    Only folders that hold several cases are looked into: beside the images of one case there may
    be any other folder.

    Args:
        root: the folder that was searched.
        found: the cases, and where each was found below ``root``.
        task: defines which entries are files of it.

    Returns:
        Paths below ``root``, in order: the folders without a case, neither themselves nor below;
        and the files that the task can read.
    """
    places = {where for where, _ in found}
    used = {path for _, case in found for path in (*case.volumes.values(), *case.label_files)}
    # Of a case whose files are side by side with those of others, only these say where it is.
    own = places | {path.parent for path in used}
    above = Counter(parent for place in places for parent in place.parents)
    empty: list[str] = []
    stray: list[str] = []

    def look_into(folder: Path) -> None:
        listed = entries(folder, task)
        files = [path for path in input_files(listed, task) if path not in used]
        stray.extend(str(path.relative_to(root)) for path in files)
        expected = {*own, *label_folders(listed, task), *derivatives(listed)}
        for path in listed:
            if not is_folder(path) or path in expected or is_for_labels(path):
                continue
            if not above[path]:
                empty.append(str(path.relative_to(root)))
            elif above[path] > 1:
                look_into(path)

    if root not in own and places:
        look_into(root)
    return tuple(empty), tuple(stray)


def empty_sequences(inside: Sequence[Path], used: Container[str], task: Task) -> list[str]:
    """Notices about folders of sequences without a volume: ``T1/``, or an unpacked ``x_t1.nii/``.

    Args:
        inside: the entries of the folder of a case.
        used: the modalities that have a file.
        task: defines the modalities of volumes.
    """
    found = {path: recognise(path.name, task) for path in inside if is_folder(path)}
    return [
        f"no volume was found in the folder {path.name}, so {match.role} counts as missing"
        for path, match in found.items()
        if task.dims == 3 and match and match.role in task.names and match.role not in used
        if not is_dicom_folder(path)  # told elsewhere
    ]


def without_case_notice(folders: Sequence[str], depth: int) -> str:
    """The notice about folders `outside_of_cases`; empty if there are none."""
    if not folders:
        return ""
    return (
        f"no case in the folders {_named(folders)}: copy what is missing, or pass a folder by "
        f"itself if its cases are more than {depth} folders deep"
    )


def stray_notice(files: Sequence[str]) -> str:
    """The notice about files `outside_of_cases`; empty if there are none."""
    if not files:
        return ""
    return (
        f"not used, because they are not in the folder of a case: {_named(files)}; put each scan "
        "into the folder of its case"
    )


def _named(paths: Sequence[str]) -> str:
    more = f" and {len(paths) - SHOWN} more" if len(paths) > SHOWN else ""
    return ", ".join(paths[:SHOWN]) + more
