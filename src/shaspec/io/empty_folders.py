"""Folders in which something is missing: patients who were not copied, empty sequences."""

from __future__ import annotations

from collections import Counter
from collections.abc import Container, Iterator, Sequence
from pathlib import Path

from shaspec.files.reading import is_folder
from shaspec.io.case_files import CaseFiles, entries
from shaspec.io.label_folders import derivatives, is_for_labels, label_folders
from shaspec.io.naming import recognise
from shaspec.io.unread import is_dicom_folder
from shaspec.task import Task

SHOWN = 6


def folders_without_case(
    root: Path, found: Sequence[tuple[Path, CaseFiles]], task: Task
) -> tuple[str, ...]:
    """The folders beside those of cases that have no case, neither themselves nor below.

    Only folders that hold several cases are looked into: beside the images of one case there may
    be any other folder.

    Args:
        root: the folder that was searched.
        found: the cases, and where each was found below ``root``.
        task: defines which entries are files of it.

    Returns:
        Their paths below ``root``, in order.
    """
    places = {where for where, _ in found}
    files = [path for _, case in found for path in (*case.volumes.values(), *case.label_files)]
    # Of a case whose files are side by side with those of others, only these say where it is.
    own = places | {path.parent for path in files}
    above = Counter(parent for place in places for parent in place.parents)

    def inside(folder: Path) -> Iterator[Path]:
        listed = entries(folder, task)
        expected = {*own, *label_folders(listed, task), *derivatives(listed)}
        for path in listed:
            if not is_folder(path) or path in expected or is_for_labels(path):
                continue
            if not above[path]:
                yield path
            elif above[path] > 1:
                yield from inside(path)

    if root in own or not places:
        return ()
    return tuple(str(path.relative_to(root)) for path in inside(root))


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
    """The notice about `folders_without_case`; empty if there are none."""
    if not folders:
        return ""
    named = ", ".join(folders[:SHOWN])
    more = f" and {len(folders) - SHOWN} more" if len(folders) > SHOWN else ""
    return (
        f"no case in the folders {named}{more}: copy what is missing, or pass a folder by itself "
        f"if its cases are more than {depth} folders deep"
    )
