"""Check the places of the table, the page and the manifest of a cohort before its run.

They are rewritten by every run into the same folder, but never over a file that something else has
written there.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from shaspec.cohort.manifest import Manifest
from shaspec.cohort.summary import COLUMNS
from shaspec.errors import InputError
from shaspec.files.reading import exists, open_regular, resolved
from shaspec.files.writing import make_folder
from shaspec.io.case_files import CaseFiles
from shaspec.io.outputs import check_output, refuse_volume
from shaspec.task_names import NO_NAME

GENERATOR = 'content="napari-shaspec cohort"'
"""In the head of every page."""
HEAD = 1024


def check_places(
    manifest: Manifest,
    table: Path,
    page: Path,
    inputs: Iterable[Path],
    *,
    overwrite: bool = False,
) -> None:
    """See that a run may write its table, page and manifest.

    Args:
        manifest: of the folder of the results.
        table: the CSV of the sizes.
        page: the HTML page.
        inputs: files that are read: the scans of the cases, and a list of them.
        overwrite: whether files of others may be replaced; inputs never are.

    Raises:
        InputError: naming the file that is in the way.
    """
    before = bool(manifest.latest())
    path = manifest.path
    if not before and exists(path) and not _begins(path, b'{"format":'):
        raise InputError(
            f"{path}: is not a manifest of this program, which would add lines to it; move it "
            "away, or choose another folder"
        )
    files = list(inputs)
    for place in (table, page):
        own = (before and place.parent == manifest.folder) or _is_own(place)
        refuse_volume(place)
        check_output(place, files, overwrite=overwrite or own)
        make_folder(place.parent)
    if resolved(table) in (resolved(page), resolved(path)):
        raise InputError(f"{table}: is the name of another result of this run; choose another one")


def check_names(cases: Iterable[CaseFiles]) -> None:
    """See that no two cases would have results of the same name; raises `InputError`."""
    by_name: dict[str, CaseFiles] = {}
    for case in cases:
        other = by_name.setdefault(NO_NAME.sub("_", case.name).lower(), case)
        if other is not case:
            files = [next(iter(c.volumes.values()), Path(c.name)) for c in (other, case)]
            raise InputError(
                f"{files[1]}: the results of case {case.name} would have the names of those of "
                f"case {other.name} ({files[0]}); rename one of them"
            )


def _is_own(path: Path) -> bool:
    """Return whether a file is a table or page of an earlier run."""
    return _begins(path, ",".join(COLUMNS).encode()) or GENERATOR.encode() in _head(path)


def _begins(path: Path, text: bytes) -> bool:
    """Return whether a file begins with ``text``, or with a part of it at which it ends."""
    return text.startswith(_head(path)[: len(text)])


def _head(path: Path) -> bytes:
    if not exists(path):
        return b""
    with open_regular(path) as file:
        return file.read(HEAD)
