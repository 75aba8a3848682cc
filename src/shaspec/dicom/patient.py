"""The patient of DICOM files: the words that identify a person, and texts without them."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING

from shaspec.errors import InputError

if TYPE_CHECKING:
    from pydicom import Dataset

    from shaspec.dicom.header import Header

HIDDEN = "[patient]"
"""Replaces words that identify the patient."""
NAMES = ("PatientName", "OtherPatientNames", "PatientBirthName", "PatientMotherBirthName")
IDS = ("PatientID", "OtherPatientIDs")
MORE_IDS = "OtherPatientIDsSequence"
TAGS = (*NAMES, *IDS, MORE_IDS, "PatientBirthDate")
SHORT = 3
"""Words of at most so many letters are hidden only where they stand alone."""
BETWEEN = r"[\W_]*"
MOST_LETTERS = 64
"""Longest description, name or ID that the standard allows; more is not used."""
MOST_NAMES = 100
RUNS = {"a": "ae", "o": "e", "u": "e", "s": "s"}
"""Letters that may follow: *ä* is also written *ae*, *å* *aa*, and *ß* *ss*."""
PLAIN = {"ø": "o", "ł": "l", "đ": "d", "ı": "i", "æ": "a", "œ": "o"}
"""Letters that Unicode does not decompose -> as they are written without their mark."""


@dataclass(frozen=True)
class Words:
    """What identifies the patient in the header of one file."""

    names: tuple[str, ...] = ()
    """Parts of names."""
    ids: tuple[str, ...] = ()
    date: str = ""
    """Of birth, ``YYYYMMDD``."""


def words_of(found: Dataset) -> Words:
    """The words that identify the patient; see `TAGS`."""
    names = " ".join(_text(found.get(key)) for key in NAMES)
    ids = [_text(found.get(key)) for key in IDS]
    ids += [_text(item.get("PatientID")) for item in found.get(MORE_IDS) or ()]
    parts = filter(None, re.split(r"[\s^=\\]+", names))
    return Words(_bounded(parts), _bounded(filter(None, ids)), _text(found.get("PatientBirthDate")))


def _bounded(words: Iterable[str]) -> tuple[str, ...]:
    return tuple(word[:MOST_LETTERS] for word in islice(words, MOST_NAMES))


def _text(value: object) -> str:
    letters = "" if value is None else str(value)
    return "".join(c if c.isprintable() else " " for c in letters).strip()


@dataclass(frozen=True)
class Hidden:
    """Finds what identifies the patients of an examination."""

    literal: re.Pattern[str]
    """In a text as it is."""
    folded: re.Pattern[str]
    """In a text that `_folded` made."""

    def hide(self, text: str) -> str:
        """``text`` with `HIDDEN` in place of what identifies a patient."""
        letters, starts = _folded(text)
        spans = [found.span() for found in self.literal.finditer(text)]
        spans += [
            (starts[a], starts[b]) for a, b in (f.span() for f in self.folded.finditer(letters))
        ]
        parts, done = [], 0
        for begin, end in sorted(spans):
            if begin >= done:
                parts += [text[done:begin], HIDDEN]
            done = max(done, end)
        return "".join((*parts, text[done:]))


def hidden_of(words: Iterable[Words]) -> Hidden:
    """What identifies the patients, also written otherwise.

    Names are found with other accents, or without (*Müller*, *Mueller*, *MULLER*); IDs with other
    separators (*PX-77*, *px77*); the date of birth in other orders (*3.1.1970*).

    Args:
        words: of all files.
    """
    literal: dict[str, int] = {}
    folded: dict[str, int] = {}
    for each in set(words):
        for name in each.names:
            literal[re.escape(name)] = len(name)
            short = _folded(name)[0]
            folded[re.escape(short)] = len(short)
        for one in each.ids:
            letters = re.sub(r"[\W_]", "", one)
            literal[BETWEEN.join(map(re.escape, letters))] = len(letters)
        if re.fullmatch(r"\d{8}", each.date):
            year, month, day = each.date[:4], each.date[4:6], each.date[6:]
            orders = ((year, month, day), (day, month, year), (month, day, year))
            literal |= {BETWEEN.join(map(_without_zero, o)): len(each.date) for o in orders}
    return Hidden(_any_of(literal), _any_of(folded))


def _any_of(parts: Mapping[str, int]) -> re.Pattern[str]:
    """Matches any of the patterns, which are of words of so many letters."""
    longest_first = sorted(((n, part) for part, n in parts.items() if part and n > 1), reverse=True)
    alone = (rf"(?<![^\W_]){part}(?![^\W_])" if n <= SHORT else part for n, part in longest_first)
    return re.compile("|".join(alone) or r"(?!)", re.IGNORECASE)


def _folded(text: str) -> tuple[str, list[int]]:
    """``text`` in small letters without marks, and `RUNS` as their first letter.

    Returns:
        The letters, and where each begins in ``text``, with its end.
    """
    letters: list[str] = []
    starts: list[int] = []
    for index, letter in enumerate(text):
        for one in unicodedata.normalize("NFD", letter.casefold()):
            if unicodedata.combining(one):
                continue
            plain = PLAIN.get(one, one)
            if not letters or plain not in RUNS.get(letters[-1], ""):
                letters.append(plain)
                starts.append(index)
    return "".join(letters), [*starts, len(text)]


def described(text: str, hidden: Hidden) -> str:
    """A description of at most `MOST_LETTERS` letters, without what identifies the patient."""
    return shortened(hidden.hide(text))


def shortened(text: str) -> str:
    """At most `MOST_LETTERS` letters of a description."""
    return text if len(text) <= MOST_LETTERS else f"{text[:MOST_LETTERS]}…"


def _without_zero(number: str) -> str:
    return f"0?{number[1]}" if number[0] == "0" and len(number) == 2 else number


def require_one_patient(headers: Sequence[Header], hidden: Hidden) -> None:
    """Raise `InputError` with a series of each patient if IDs, names or birth dates differ."""
    for number in range(len(headers[0].patient)):
        patients: dict[str, str] = {}
        for header in headers:
            value = re.sub(r"[\W_]", "", header.patient[number]).casefold()
            about = described(header.description, hidden) or "no description"
            patients.setdefault(value, f"series {header.number or 0} ({about})")
        patients.pop("", None)
        if len(patients) > 1:
            first, second = list(patients.values())[:2]
            raise InputError(
                f"the DICOM files are of {len(patients)} patients (ID, name or birth date differ), "
                f"e.g. {first} and {second}; give the folder of one patient"
            )
