"""Whether a label file belongs, by its name, to another patient or time than the scans."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

from shaspec.io.naming import Match, stem
from shaspec.io.patient_words import (
    CLOCK,
    DATE,
    SHORT_NAME,
    WEEK,
    WITH_VISITS,
    YEAR,
    behind,
    initials_in_front,
    visits,
)
from shaspec.io.subjects import Subject, subject_of

SHORT_VERSION = re.compile(r"v\d{1,2}")
TIME = re.compile(r"(?<![^\W_])t(\d{1,2})(?![^\W_])", re.IGNORECASE)
"""A time, if it stands in front of the modality of a scan: ``P7_t0_FLAIR``."""
PLAIN = re.compile(r"[1-9]\d{0,3}")
"""A number that may be that of a series."""


def of_another(labels: Path, match: Match, files: Mapping[Path, Match]) -> str:
    """What to tell about a label file that is named after another patient or time; or nothing.

    Args:
        labels: the label file, whose name may be that of its folder and its own.
        match: what its name says.
        files: the scans and what their names say; at least one.
    """
    own, other = (
        _of_another_patient(labels, match, files)
        or _of_another_visit(labels, match, files)
        or ("", "")
    )
    if not own:
        return ""
    return (
        f"{labels}: its name says {own}, those of the scans say {other}; if it is their truth, "
        f"give it as labels={labels.name} or rename it, else remove it"
    )


def _of_another_patient(
    labels: Path, match: Match, files: Mapping[Path, Match]
) -> tuple[str, str] | None:
    """What the label file says and what the scans say, if they have no word in common."""
    said = _identity(labels, match)
    others = [_identity(path, m) for path, m in files.items()]
    for own, all_others in zip(said, zip(*others, strict=True), strict=True):
        spoken = [words for words in all_others if words]
        if own and spoken and not any(own & words for words in spoken):
            return " ".join(sorted(own)), " ".join(sorted(spoken[0]))
    return None


def _identity(path: Path, match: Match) -> tuple[set[str], set[str], set[str]]:
    """The words for the patient, for the visit, and the date of a name."""
    date = DATE.search(stem(path.name))
    digits = {re.sub(r"\D", "", date.group())} if date else set()
    front = stem(path.name)[: match.start]
    words = set(behind(front, None)) | {w.lower() for w in SHORT_NAME.findall(stem(path.name))}
    words |= set(re.findall(r"(?<![^\W_])\d+(?![^\W_])", CLOCK.sub("", front)))
    words |= set(initials_in_front(front))
    words |= set(behind(path.name, match))
    named = {word for word in words if not SHORT_VERSION.fullmatch(word)}
    years = {word for word in named if YEAR.fullmatch(word)}
    return named, set(visits(path.name)), digits or years


def _of_another_visit(
    labels: Path, match: Match, files: Mapping[Path, Match]
) -> tuple[str, str] | None:
    """The same for names that agree in the patient and differ in a numbered visit."""
    times = [_times(stem(path.name), stem(path.name)[: m.start]) for path, m in files.items()]
    own = _times(stem(labels.name), stem(labels.name))
    for unit in own:
        numbers = [said[unit] for said in times if unit in said]
        if numbers and own[unit] not in numbers:
            return f"{unit}{own[unit]}", f"{unit}{numbers[0]}"
    subject = subject_of(labels.name, match)
    subjects = [subject_of(path.name, m) for path, m in files.items()]
    apart = [_apart(subject, other) for other in subjects]
    told = any(map(WITH_VISITS.fullmatch, subject)) or (len(set(subjects)) == 1 < len(files))
    if apart[0] and all(apart) and (told or not PLAIN.fullmatch(apart[0][1])):
        return apart[0]
    return None


def _times(text: str, front: str) -> dict[str, int]:
    """Unit -> number of the words for a time: ``ses-2``, ``tp1``; ``t0`` only in ``front``."""
    times = {match["unit"].lower(): int(match["number"]) for match in WEEK.finditer(text)}
    letters = TIME.findall(front)
    return times | ({"t": int(letters[-1])} if letters else {})


def _apart(one: Subject, other: Subject) -> tuple[str, str] | None:
    """The words by which subjects of as many words differ, if it is a number in one place."""
    if len(one) != len(other):
        return None
    pairs = [(a, b) for a, b in zip(one, other, strict=True) if a != b]
    numbers = len(pairs) == 1 and pairs[0][0].isdecimal() and pairs[0][1].isdecimal()
    return pairs[0] if numbers else None
