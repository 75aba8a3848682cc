"""Identify the subject of a file by its name: the words before the modality, and dates.

``anna_T1.nii`` and ``ben_FLAIR.nii`` belong to different cases.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from shaspec.io.names.tokens import fold
from shaspec.io.naming import Match, stem
from shaspec.io.patient_words import (
    CLOCK,
    DATE,
    NUMBER,
    PATIENTS,
    SHORT_NAME,
    WITH_VISITS,
    YEAR,
    behind,
    differ,
    initials_behind,
    numbers_behind,
    visits,
)

SERIES = re.compile(r"[1-9]\d{0,3}")
LEADING = re.compile(r"[pvPV]\d{1,2}(?=[\W_])")
"""A patient or visit in front; elsewhere ``p2`` is the acceleration of a scan."""
Subject = tuple[str, ...]
SHOWN = 4
FEW = 3  # files; fewer that differ in a number behind that of the patient may be of two visits


def subject_of(name: str, match: Match) -> Subject:
    """The words of a name before the modality, and a date at any position."""
    text = stem(name)
    date = DATE.search(text)
    words = re.findall(r"[^\W_]+", fold(CLOCK.sub("", text[: _front_end(text, match)])))
    run = [i for i, word in enumerate(words) if re.fullmatch(r"run|echo|acq|rec", word)]
    words = words[: run[0]] if run else words
    return (*words, *(("".join(date.group().split("-")),) if date else ()))


def _front_end(text: str, match: Match) -> int:
    """Where the words in front of the modality end."""
    leading = LEADING.match(text)
    return max(match.start, leading.end() if leading else 0)


def subject_name(name: str, match: Match) -> str:
    """The case name of a file: the part before the modality, and the date."""
    text = stem(name)
    front = text[: _front_end(text, match)].strip(" _-.")
    date = DATE.search(text)
    dated = [date.group()] if date and date.group() not in front else []
    return "_".join(filter(None, (front, *dated, *(v for v in visits(name) if v not in front))))


def by_subject(files: Mapping[Path, Match]) -> dict[Subject, list[Path]]:
    """Group files by patient and date; one group if the names do not differ.

    Words for a visit separate files only where every name has one. Names that differ only in a
    number are series of one patient.
    """
    groups: dict[Subject, list[Path]] = {}
    told = all(visits(path.name) for path in files)
    for path, match in files.items():
        subject = subject_of(path.name, match)
        groups.setdefault((*subject, *visits(path.name)) if told else subject, []).append(path)
    if len(groups) > 1 and _numbered(groups.keys(), len(files)):
        return {(): list(files)}
    return groups


def several_subjects(files: Mapping[Path, Match], shown: Mapping[Path, str] | None = None) -> str:
    """The message for files of several patients or dates; empty for one.

    ``shown``: the names of the files in the message, where these are not their own.
    """
    groups = by_subject(files)
    named = {subject: paths for subject, paths in groups.items() if subject}
    if len(named) < 2:
        named = _by_end(files, with_initials=not shown)
    if len(named) < 2:
        return ""
    return _told(named, next(iter(files)).parent, shown or {}, numbers=in_doubt(files))


def several_in_folders(files: Mapping[Path, Match], inner: Mapping[Path, Path]) -> str:
    """The same for files that lie in a folder for each sequence.

    Args:
        files: a name that joins those of the folders and of the file, and what it says.
        inner: the path of each file below the folder of the case; it may end in ``P1.nii``.
    """
    shown = {path: str(relative) for path, relative in inner.items()}
    if message := several_subjects(files, shown):
        return message
    own = {path: tuple(SHORT_NAME.findall(stem(r.name))) for path, r in inner.items()}
    folder = next(iter(files)).parent
    return _told(_groups(own), folder, shown) if differ([*own.values()]) else ""


def numbers_notice(files: Mapping[Path, Match]) -> str:
    """What to tell where only a number behind the modality says whose each file is."""
    if text := _front_notice(files):
        return text
    numbers = [numbers_behind(path.name, match) for path, match in files.items()]
    named = any(_front(item) or behind(item[0].name, item[1]) for item in files.items())
    if named or len(files) < 2 or not all(len(n) == 1 for n in numbers) or len(set(numbers)) == 1:
        return ""
    return (
        "the numbers behind the modalities were taken as those of the series of one patient: "
        + ", ".join(path.name for path in files)
    )


def _front_notice(files: Mapping[Path, Match]) -> str:
    """The same for numbers in front of the modalities."""
    subjects = [subject_of(*_named(item)) for item in files.items()]
    if len(files) < 2 or not _numbered(set(subjects), len(files)):
        return ""
    numbers = ", ".join(_only_number(subjects, len(files)))
    return (
        f"the numbers {numbers} in front of the modalities were taken as those of series of one "
        "patient"
    )


def _told(
    groups: Mapping[Subject, list[Path]],
    folder: Path,
    shown: Mapping[Path, str],
    *,
    numbers: bool = False,
) -> str:
    listed = "; ".join(
        f"{'_'.join(subject)}: {', '.join(shown.get(path, path.name) for path in paths)}"
        for subject, paths in list(groups.items())[:SHOWN]
    )
    more = "; ..." if len(groups) > SHOWN else ""
    if numbers:
        return (
            f"{folder}: the numbers in front of the modalities may be those of patients, or of "
            f"series of one patient ({listed}{more}); pass the files of one case, or give the "
            "modality of each (T1=file) if they belong together"
        )
    return (
        f"{folder}: the names belong to {len(groups)} patients or dates ({listed}{more}); pass the "
        "files of one case, or give the modality of each (T1=file) if they belong together"
    )


def _by_end(files: Mapping[Path, Match], *, with_initials: bool) -> dict[Subject, list[Path]]:
    """The files by the words behind the modality, where these name several patients or visits."""
    times = {path: visits(path.name) for path in files}
    if differ(list(times.values())):
        return _groups(times)
    ends = {path: behind(path.name, match) for path, match in files.items()}
    numbers = {path: numbers_behind(path.name, match) for path, match in files.items()}
    if len(set(numbers.values())) in range(2, len(files)) and not any(map(_front, files.items())):
        ends = {path: ends[path] + numbers[path] for path in files}  # T1_12, T2_12, FLAIR_13
    if differ(list(ends.values())):
        return _groups(ends)
    initials = {path: initials_behind(path.name, match) for path, match in files.items()}
    told = with_initials and all(initials.values()) and differ([*initials.values()])
    return _groups(initials) if told else {}


def _groups(said: Mapping[Path, Subject]) -> dict[Subject, list[Path]]:
    groups: dict[Subject, list[Path]] = {}
    for path, words in said.items():
        if words:
            groups.setdefault(words, []).append(path)
    return groups


def _front(item: tuple[Path, Match]) -> Subject:
    return subject_of(item[0].name, item[1])


def in_doubt(files: Mapping[Path, Match]) -> bool:
    """Return whether numbers in front of the modalities may be those of patients or of series.

    ``001_T1.nii`` and ``002_FLAIR.nii`` may be either. It is decided if a number or a role occurs
    twice, or if a word in front of the number names a patient or a data set.
    """
    roles = [match.role for match in files.values()]
    words = _only_number([subject_of(*_named(item)) for item in files.items()], len(files))
    if not words or len(set(roles)) < len(roles):
        return False
    return all(map(NUMBER.fullmatch, words)) and not all(map(YEAR.fullmatch, words))


def _named(item: tuple[Path, Match]) -> tuple[str, Match]:
    return item[0].name, item[1]


def _numbered(subjects: Iterable[Subject], files: int) -> bool:
    """Return whether the subjects differ only in a short number that is unique for each file.

    Numbers with leading zeros, and those of subjects and sessions, name different cases.
    """
    listed = list(subjects)
    words = _only_number(listed, files)
    series = all(map(SERIES.fullmatch, words)) and not all(map(YEAR.fullmatch, words))
    return bool(words) and series and not (files < FEW and _behind_number(listed))


def _behind_number(subjects: Sequence[Subject]) -> bool:
    """Return whether subjects differ behind a number, e.g. of the patient: ``P12_3``, ``P12_5``."""
    columns = [set(column) for column in zip(*subjects, strict=True)]
    apart = next(i for i, column in enumerate(columns) if len(column) > 1)
    return apart > 0 and any(c.isdigit() for word in columns[apart - 1] for c in word)


def _only_number(subjects: Sequence[Subject], files: int) -> Subject:
    """The words by which subjects differ, if these are single, unique for each file, and neither
    behind a word for a patient nor where a data set has the number of a visit; else empty."""
    if len(set(subjects)) != files or len({len(subject) for subject in subjects}) > 1:
        return ()
    columns = list(zip(*subjects, strict=True))
    apart = [i for i, column in enumerate(columns) if len(set(column)) > 1]
    if len(apart) != 1 or (apart[0] and PATIENTS.fullmatch(columns[apart[0] - 1][0])):
        return ()
    front = [column[0] for column in columns[: apart[0]]]
    if any(map(WITH_VISITS.fullmatch, front)) and any(map(str.isdecimal, front)):
        return ()
    return columns[apart[0]]
