"""Identify the subject of a file by its name: the words before the modality, and dates.

``anna_T1.nii`` and ``ben_FLAIR.nii`` belong to different cases.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from pathlib import Path

from shaspec.io.naming import Match, parts, stem

DATE = re.compile(
    r"(?<!\d)((?:19|20)\d{2})[-_.]?(0[1-9]|1[0-2])[-_.]?(0[1-9]|[12]\d|3[01])(?!\d)"
    r"|(?<!\d)(0[1-9]|[12]\d|3[01])[-_.](0[1-9]|1[0-2])[-_.]((?:19|20)\d{2})(?!\d)"
)
SERIES = re.compile(r"[1-9]\d{0,3}")
VISITS = re.compile(
    r"ses|session|sub|subject|subj|pat|patient|case|visit|week|day|month|tp|timepoint|p|s"
)
Subject = tuple[str, ...]
SHOWN = 4


def subject_of(name: str, match: Match) -> Subject:
    """The words of a name before the modality, and a date at any position."""
    text = stem(name)
    date = DATE.search(text)
    words = parts(DATE.sub("", text[: match.start]) + ".")
    run = [i for i, word in enumerate(words) if re.fullmatch(r"run|echo|acq|rec", word)]
    words = words[: run[0]] if run else words
    return (*words, *(("".join(date.group().split("-")),) if date else ()))


def subject_name(name: str, match: Match) -> str:
    """The case name of a file: the part before the modality, and the date."""
    text = stem(name)
    front = text[: match.start].strip(" _-.")
    date = DATE.search(text)
    dated = date is not None and date.group() not in front
    return "_".join(piece for piece in (front, date.group() if date and dated else "") if piece)


def by_subject(files: Mapping[Path, Match]) -> dict[Subject, list[Path]]:
    """Group files by patient and date; one group if the names do not differ.

    Names that differ only in a number are series of one patient.
    """
    groups: dict[Subject, list[Path]] = {}
    for path, match in files.items():
        groups.setdefault(subject_of(path.name, match), []).append(path)
    if len(groups) > 1 and _numbered(groups.keys(), len(files)):
        return {(): list(files)}
    return groups


def several_subjects(files: Mapping[Path, Match]) -> str:
    """The message for files of several patients or dates; empty for one."""
    groups = by_subject(files)
    named = {subject: paths for subject, paths in groups.items() if subject}
    if len(named) < 2:
        return ""
    listed = "; ".join(
        f"{'_'.join(subject)}: {', '.join(path.name for path in paths)}"
        for subject, paths in list(named.items())[:SHOWN]
    )
    more = "; ..." if len(named) > SHOWN else ""
    folder = next(iter(files)).parent
    return (
        f"{folder}: the names belong to {len(named)} patients or dates ({listed}{more}); pass the "
        "files of one case, or give the modality of each (T1=file) if they belong together"
    )


def _numbered(subjects: Iterable[Subject], files: int) -> bool:
    """Return whether the subjects differ only in a short number that is unique for each file.

    Numbers with leading zeros, and those of subjects and sessions, name different cases.
    """
    listed = list(subjects)
    if len(listed) != files or len({len(subject) for subject in listed}) > 1:
        return False
    columns = list(zip(*listed, strict=True))
    differ = [i for i, column in enumerate(columns) if len(set(column)) > 1]
    if len(differ) != 1 or (differ[0] and VISITS.fullmatch(columns[differ[0] - 1][0])):
        return False
    return all(SERIES.fullmatch(word) for word in columns[differ[0]])
