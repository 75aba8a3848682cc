"""Resolve doubts in the names of files by the names of the others in the folder."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from itertools import takewhile

from shaspec.io.names.parse import T1_FLAIR
from shaspec.io.names.tokens import tokenise
from shaspec.io.names.vocabulary import Sense, base_vocabulary
from shaspec.io.naming import LABELS, Certainty, Match, Reading, read_name, stem
from shaspec.task import Task

GIVEN_NAME = ("roi",)
"""Words for a label map that are also a given name."""
TIME = re.compile(r"(?i)(?<![^\W_])t[12](?=[\W_]+FLAIR(?![^\W_]))")
"""What may be a time in front of FLAIR."""


def in_context(names: Sequence[str], readings: Sequence[Reading], task: Task) -> list[Reading]:
    """The readings of the files of a case, in which others decide what a name leaves open.

    The prefix that all names share may be the patient, e.g. ``Roi Post``.
    """
    shared = _shared_beginning(names)
    readings = _t1_flair(names, readings)
    if not shared:
        return readings
    inner = [read_name(name[len(shared) :], task).match for name in names]
    seen = [_not_all_after(r, rest, shared) for r, rest in zip(readings, inner, strict=True)]
    certain = {r.match.role for r in seen if r.match and not r.match.reason}
    if not any(m and m.role == "T1" and not m.reason for m in inner):  # AX_T1_FLAIR, AX_T1_MPRAGE
        inner = [None if r.reason == T1_FLAIR else m for r, m in zip(seen, inner, strict=True)]
    return [_settled(r, rest, shared, certain) for r, rest in zip(seen, inner, strict=True)]


def _not_all_after(reading: Reading, rest: Match | None, shared: str) -> Reading:
    """A doubt if only a ``post`` shared by all names indicates contrast agent."""
    match = reading.match
    if match is None or rest is None or rest.role == match.role:
        return reading
    said = [word.lower() for word in match.evidence]
    if match.start >= len(shared) or "post" not in said or len(said) != 2:
        return reading
    reason = "'post', with which all names begin, may be a name, a time or contrast agent"
    return Reading(None, (rest.role, match.role), reason, ("post",))


def _settled(reading: Reading, rest: Match | None, shared: str, certain: set[str]) -> Reading:
    """The reading without the shared prefix, if only the prefix made it doubtful."""
    if reading.match or rest is None or rest.reason or rest.role not in reading.candidates:
        return reading
    label = LABELS in reading.candidates and reading.evidence != GIVEN_NAME
    others = set(reading.candidates) - {LABELS, rest.role}
    if label or not others <= certain:
        return reading
    match = replace(
        rest,
        certainty=Certainty.PROBABLE,
        reason=f"{shared.strip('_-. ')!r}, with which all names begin, was read as the patient",
        start=rest.start + len(shared),
        stop=rest.stop + len(shared),
    )
    return Reading(match)


def _shared_beginning(names: Sequence[str]) -> str:
    """The prefix that all names share, up to a separator; empty for a single name."""
    columns = zip(*(stem(name) for name in names), strict=False)
    same = list(takewhile(lambda column: len(set(column)) == 1, columns))
    shared = "".join(column[0] for column in same) if len(names) > 1 else ""
    cut = re.match(r".*[\W_]", shared, re.DOTALL)
    return cut.group() if cut else ""


def _t1_flair(names: Sequence[str], readings: Sequence[Reading]) -> list[Reading]:
    """A doubt for ``t1_FLAIR``, a T1 FLAIR by itself, where it may be a FLAIR of time or space t1.

    That is where another file is the T1, or where ``t2_FLAIR`` has the same name otherwise.
    """
    certain = {r.match.role for r in readings if r.match and not r.match.reason}
    times = [name if _of_scanner(name) else TIME.sub("t", name) for name in names]
    seen = []
    for name, time, reading in zip(names, times, readings, strict=True):
        match = reading.match
        twin = times.count(time) > 1 and time != name
        if match is None or not _is_t1_flair(match) or not (match.role in certain or twin):
            seen.append(reading)
            continue
        seen.append(Reading(None, ("FLAIR", match.role), T1_FLAIR, match.evidence))
    return seen


def _of_scanner(name: str) -> bool:
    """Return whether a name has a word of a scanner's protocol: ``AX_T1_FLAIR``."""
    return any(token.says(Sense.SCANNER) for token in tokenise(stem(name), base_vocabulary()))


def _is_t1_flair(match: Match) -> bool:
    return match.role == "T1" and match.reason.endswith("T1 FLAIR")
