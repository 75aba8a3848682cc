"""What the names of two cases say: whether they are of one patient, and which date is earlier.

Names prove nothing. They choose the two cases that the panel offers first, and whether the user is
asked before two cases are compared.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import combinations

_WORDS = (
    "baseline|pre|preop|post|postop|fu|followup|follow up|early|earlier|late|later|visit|ses|"
    "session|tp|time|timepoint|date|day|week|month|year"
)
_TIME = re.compile(
    rf"(?: (?:(?:{_WORDS}) ?\d{{0,4}}(?: \d{{1,2}})?|[tv]\d+|(?:19|20)\d\d(?: ?\d\d ?\d\d)?))+$"
)
"""A time at the end of a name, e.g. ``ses 2``, ``2019 03 28`` or ``week 044 1``."""
_BRATS = re.compile(r"(?<=\d{5}) \d{3}$")
"""The time point of BraTS since 2023: ``BraTS-GLI-00005-001``."""
_FIRST = re.compile(r" (?:baseline|pre|preop|early|earlier)\b")


def same_patient(first: str, second: str) -> bool:
    """Whether two names differ only in a time at their end."""
    patients = {_without_time(name) for name in (first, second)}
    return len(patients) == 1 and first != second


def likely_dates(cases: Sequence[str]) -> tuple[str, str]:
    """The two cases to offer, the earlier one first.

    Args:
        cases: names of the open cases, in the order in which they were opened.

    Returns:
        The first two whose names look like one patient, otherwise the first two; empty names where
        there are fewer than two cases.
    """
    for first, second in combinations(cases, 2):
        if same_patient(first, second):
            earlier, later = sorted((first, second), key=_time_key)
            return earlier, later
    return (cases[0], cases[1]) if len(cases) > 1 else ("", "")


def _plain(name: str) -> str:
    return re.sub(r"[\s_.-]+", " ", name.lower())


def _without_time(name: str) -> str:
    plain = _plain(name)
    brats = _BRATS.search(plain) if plain.startswith("brats") else None
    return plain[: brats.start()] if brats else _TIME.sub("", plain)


def _time_key(name: str) -> tuple[bool, list[tuple[int, str]]]:
    """Sorts numbers by value, and *pre* before *post*."""
    plain = _plain(name)
    parts = re.findall(r"\d+|\D+", plain)
    order = [(int(part), "") if part.isdigit() else (-1, part) for part in parts]
    return not _FIRST.search(plain), order
