"""Leave out cases that are links to the files of other cases, which would count a patient twice."""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from shaspec.io.case_files import CaseFiles

Found = list[tuple[Path, CaseFiles]]
"""Cases and the folders where they were found."""


def without_links(found: Found, folder: Path) -> Found:
    """The cases of ``found`` in ``folder`` with different files, in their order.

    A case that is left out is named in the notices of the one that is kept.
    """
    linked = [_is_linked(where, case) for where, case in found]
    if not any(linked):
        return found
    files = [_real_files(case) for _, case in found]
    kept: dict[frozenset[str], int] = {}
    for index in sorted(range(len(found)), key=lambda index: linked[index]):
        kept.setdefault(files[index], index)
    told: dict[int, list[str]] = {}
    for index, (where, case) in enumerate(found):
        if case.volumes and kept[files[index]] != index:
            name = where.relative_to(folder)
            text = f"{name} was left out: it links to the files of this case"
            told.setdefault(kept[files[index]], []).append(text)
    return [
        (where, replace(case, notices=(*case.notices, *told.get(index, ()))))
        for index, (where, case) in enumerate(found)
        if not case.volumes or kept[files[index]] == index
    ]


def repeats_named(listed: Iterable[CaseFiles]) -> list[CaseFiles]:
    """The cases of a list; one with the scans of an earlier one says so, since a patient counts."""
    first: dict[tuple[Path, ...], str] = {}
    cases = []
    for case in listed:
        other = first.setdefault(tuple(sorted(case.volumes.values())), case.name)
        if case.volumes and other != case.name:
            text = f"has the same scans as case {other}, so this patient counts twice"
            case = replace(case, notices=(*case.notices, text))
        cases.append(case)
    return cases


def _is_linked(where: Path, case: CaseFiles) -> bool:
    """Return whether the folder or the first file of a case is a link."""
    return os.path.islink(where) or any(os.path.islink(p) for p in list(case.volumes.values())[:1])


def _real_files(case: CaseFiles) -> frozenset[str]:
    paths = [*case.volumes.values(), *([case.labels] if case.labels else [])]
    return frozenset(os.path.realpath(path) for path in paths)
