"""Whose images files are: what their names say in front of the modality, and the dates in them.

``anna_T1.nii`` and ``ben_FLAIR.nii`` are no case, whatever modalities they are.
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
    """The words of a name in front of the modality, and its date wherever that stands."""
    text = stem(name)
    date = DATE.search(text)
    words = parts(DATE.sub("", text[: match.start]) + ".")
    run = [i for i, word in enumerate(words) if re.fullmatch(r"run|echo|acq|rec", word)]
    words = words[: run[0]] if run else words
    return (*words, *(("".join(date.group().split("-")),) if date else ()))


def subject_name(name: str, match: Match) -> str:
    """A name for the case of a file: what stands in front of the modality, and the date."""
    text = stem(name)
    front = text[: match.start].strip(" _-.")
    date = DATE.search(text)
    dated = date is not None and date.group() not in front
    return "_".join(piece for piece in (front, date.group() if date and dated else "") if piece)


def by_subject(files: Mapping[Path, Match]) -> dict[Subject, list[Path]]:
    """The files of each patient and date; one group where names do not tell them apart.

    Numbers alone that differ from file to file are those of the series of one patient.
    """
    groups: dict[Subject, list[Path]] = {}
    for path, match in files.items():
        groups.setdefault(subject_of(path.name, match), []).append(path)
    if len(groups) > 1 and _numbered(groups.keys(), len(files)):
        return {(): list(files)}
    return groups


def several_subjects(files: Mapping[Path, Match]) -> str:
    """What to tell about files of several patients or dates; empty if they are of one."""
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
        f"{folder}: the names speak of {len(named)} patients or dates ({listed}{more}); give the "
        "files of one case, or name each file with its modality (T1=file) if they belong together"
    )


def _numbered(subjects: Iterable[Subject], files: int) -> bool:
    """True if the subjects differ in a short number alone, another one for each file.

    Numbers with zeros in front, and those of subjects and sessions, name different cases.
    """
    listed = list(subjects)
    if len(listed) != files or len({len(subject) for subject in listed}) > 1:
        return False
    columns = list(zip(*listed, strict=True))
    differ = [i for i, column in enumerate(columns) if len(set(column)) > 1]
    if len(differ) != 1 or (differ[0] and VISITS.fullmatch(columns[differ[0] - 1][0])):
        return False
    return all(SERIES.fullmatch(word) for word in columns[differ[0]])
