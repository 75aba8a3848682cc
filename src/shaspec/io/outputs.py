"""Check output paths: input files are never overwritten, others only on request."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterable, Sequence
from pathlib import Path

from shaspec.errors import InputError
from shaspec.files.reading import entries_of, exists, is_folder
from shaspec.files.writing import check_place
from shaspec.io.case_files import is_input
from shaspec.io.formats.table import is_volume
from shaspec.io.model_results import is_unedited_result
from shaspec.io.naming import is_result, recognise
from shaspec.io.region_masks import names_part
from shaspec.task import Task

DATA = ("imagesT", "labelsT")
"""Folders of nnU-Net and the Decathlon begin like this; the names of their files say no role."""


def check_output(
    path: Path,
    inputs: Iterable[Path],
    *,
    overwrite: bool = False,
    keep_own: bool = False,
    endings: Sequence[str] = (),
) -> None:
    """Check that ``path`` may be written, before the computation.

    The unedited result of a model may be replaced, unless ``keep_own``.

    Args:
        path: the file to write.
        inputs: the files that were read; links and names that differ only in case count as the
            same file.
        overwrite: whether another existing file may be replaced.
        keep_own: whether unedited results are kept too.
        endings: allowed endings of the name; empty: any.

    Raises:
        InputError: naming the file, and ``--overwrite`` if that would help.
    """
    same = next((file for file in inputs if _is_same(path, file)), None)
    if same is not None:
        raise InputError(f"{path}: this is the input file {same}; choose another output file")
    check_place(path, endings)
    if exists(path) and not overwrite and (keep_own or not is_unedited_result(path)):
        raise InputError(f"{path}: exists already; choose another file, or replace it: --overwrite")


def refuse_original(path: Path, task: Task, *, keep_own: bool = False) -> None:
    """See that ``path`` is not the scan or the truth of any case, which ``--overwrite`` must not
    replace either, even if this run does not read it.

    The names of the file and of its folder tell: ``p2_seg.nii.gz``, ``labelsTr/p2.nii.gz``.

    Args:
        path: the file to write.
        task: defines the names.
        keep_own: whether unedited results under such a name are kept too.

    Raises:
        InputError: naming the file.
    """
    if not exists(path) or not is_input(path, task) or is_result(path.name, task):
        return
    folder = path.absolute().parent.name
    named = recognise(path.name, task) or recognise(folder, task) or names_part(path.name, task)
    named = named or folder.startswith(DATA)
    if named and (keep_own or not is_unedited_result(path)):
        raise InputError(
            f"{path}: is a scan or a label file by its name, which --overwrite does not replace; "
            "choose another output file with --out, or delete this one first"
        )


def refuse_volume(path: Path | None) -> None:
    """See that a table or a page has no name of a volume, which may be a scan or a truth.

    Raises:
        InputError: naming the file.
    """
    if path is not None and is_volume(path):
        raise InputError(
            f"{path}: is the name of a volume, but a table or a page is to be written; choose a "
            "name that ends in .csv or .html"
        )


def require_no_others(out: Path, targets: Collection[Path]) -> None:
    """See that no volume in ``out`` besides ``targets`` would become part of the new case.

    Raises:
        InputError: naming such a file.
    """
    names = {path.name for path in targets}
    there = entries_of(out) if is_folder(out) else []
    others = [path.name for path in there if is_volume(path) and path.name not in names]
    if others:
        raise InputError(f"{out}: has other volumes, e.g. {others[0]}; choose an empty folder")


def _is_same(one: Path, other: Path) -> bool:
    if exists(one) and exists(other) and os.path.samefile(one, other):
        return True
    places = [Path(os.path.realpath(p)) for p in (one, other)]
    folders = [place.parent for place in places]
    return folders[0] == folders[1] and places[0].name.lower() == places[1].name.lower()
