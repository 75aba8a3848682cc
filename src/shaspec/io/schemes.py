"""Convert label files from any of a task's label conventions to the codes of the task.

The convention of a file is determined by the first of these that applies: an option, label names
stored beside the file (`shaspec.io.label_names`), the names of files and folders, and finally the
values, if all conventions that contain them agree. Everything else is refused.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

import numpy as np
import numpy.typing as npt

from shaspec.errors import InputError, UndecidedError
from shaspec.notices import CaseNotice, NoticeKind
from shaspec.preprocessing import bounding_box
from shaspec.task import LabelScheme, Task

Array = npt.NDArray[Any]

ROUNDING = 1e-3
"""Tolerance for rounding to whole numbers, e.g. with a slope in the header."""
UNKNOWN = -1
"""In the codes of a scheme: a structure that is not a label of the task."""
CHOOSE = "choose one with --scheme (in a training configuration: scheme)"


@dataclass(frozen=True)
class Reading:
    """The scheme of a label file, and the evidence for it."""

    scheme: LabelScheme
    evidence: str
    doubt: str = ""
    """What else it may be, to end a notice with; empty if nothing."""

    @property
    def notice(self) -> CaseNotice:
        """For the notices of a case."""
        text = f"labels read as {self.scheme.name}, by {self.evidence}{self.doubt}"
        return CaseNotice(text, NoticeKind.WARNING if self.doubt else NoticeKind.LABELS_READ)


def to_task_labels(
    array: Array,
    task: Task,
    source: str,
    hints: Sequence[str] = (),
    scheme: str | None = None,
    described: LabelScheme | None = None,
) -> tuple[npt.NDArray[np.uint8], Reading]:
    """Convert a label map to the task's codes (same shape, uint8); also returns its scheme.

    Args:
        array: the label map as stored; numbers within `ROUNDING` of a whole one are rounded.
        source: name of the file for messages.
        hints: names of the file, its folders and its neighbours, the nearest first.
        scheme: takes precedence over everything else; see `find_scheme`.
        described: the scheme from label names stored beside the file.

    Raises:
        InputError: if it is not a label map, or the convention is doubtful.
    """
    values = label_values(array, source)
    reading = choose_scheme(values, task, source, hints, scheme, described)
    meaning = _meaning(reading.scheme, values)
    if meaning == values:
        return _whole(array), reading
    table = np.zeros(256, np.uint8)
    table[values] = meaning
    return table[_whole(array)], reading


def label_values(array: Array, source: str) -> list[int]:
    """The distinct values of a label map, which must be integers from 0 to 255.

    Raises `InputError` naming ``source`` otherwise.
    """
    unsigned = array.dtype == np.uint8
    part = array[bounding_box(array if unsigned else array != 0)]
    if not (part.min() >= -ROUNDING and part.max() <= 255 + ROUNDING):
        raise InputError(
            f"{source}: values range from {array.min():g} to {array.max():g}, so this is not a "
            "label map; pass the label file, or load this one as a modality"
        )
    if not is_whole(part):
        raise InputError(
            f"{source}: contains values that are not whole numbers, so this is not a label map, or "
            "it was interpolated; resample labels with nearest neighbour"
        )
    counts = np.bincount(_whole(part).ravel())
    counts[0] += array.size - part.size  # outside of the box all are 0
    return [int(v) for v in np.flatnonzero(counts)]


def is_whole(array: Array) -> bool:
    """Return whether all values are whole numbers within `ROUNDING`, so that it may be labels."""
    return array.dtype.kind != "f" or bool((np.abs(array - np.rint(array)) <= ROUNDING).all())


def choose_scheme(
    values: Sequence[int],
    task: Task,
    source: str,
    hints: Sequence[str] = (),
    scheme: str | None = None,
    described: LabelScheme | None = None,
) -> Reading:
    """The scheme of a file with these ``values``; arguments and errors as in `to_task_labels`."""
    if scheme:
        reading = Reading(find_scheme(scheme, task), "--scheme")
    elif described:
        reading = Reading(described, "the names of its labels")
    else:
        reading = _recognised(values, task, source, hints)
    mapping = reading.scheme.mapping
    if not set(values) <= set(mapping):
        raise _undecided(
            f"{source}: contains the label values {_text(values)}, which do not fit "
            f"{reading.scheme.name}, chosen by {reading.evidence}",
            f"{CHOOSE} or correct the file",
            [s for s in task.schemes if set(values) <= set(s.mapping)],
            values,
        )
    if UNKNOWN in _meaning(reading.scheme, values):
        raise InputError(
            f"{source}: according to {reading.evidence} its labels are {reading.scheme.name}, "
            f"which task {task.name!r} does not have; pass a label file with "
            f"{', '.join(label.name for label in task.labels)}, or {CHOOSE}"
        )
    return reading


def find_scheme(text: str, task: Task) -> LabelScheme:
    """Find a scheme by the beginning or a part of its name, e.g. ``2023`` or ``paediatric``.

    Raises `InputError` listing all schemes.
    """
    key = text.strip().lower()
    titles = {s.name: _title(s) for s in task.schemes}
    exact = [s for s in task.schemes if key in (s.name.lower(), titles[s.name].lower())]
    begun = [s for s in task.schemes if key and s.name.lower().startswith(key)]
    named = [s for s in task.schemes if _length(_parts(text), _parts(titles[s.name]))]
    spoken = [s for s in task.schemes if any(_length(_parts(text), _parts(w)) for w in s.words)]
    matches = next((group for group in (exact, begun, named, spoken) if group), [])
    if len(matches) != 1:
        raise InputError(
            f"label scheme {text!r} {'fits several' if matches else 'is unknown'}: task "
            f"{task.name!r} has {', '.join(titles.values()) or 'none'}"
        )
    return matches[0]


# -- by names and values -------------------------------------------------------------------------


def _recognised(values: Sequence[int], task: Task, source: str, hints: Sequence[str]) -> Reading:
    schemes = task.schemes or (_identity(task),)
    fitting = [s for s in schemes if set(values) <= set(s.mapping)]
    named, hint = named_schemes(schemes, hints)
    if named:
        chosen, evidence = [s for s in named if s in fitting], f"the name {hint}"
    else:
        chosen, evidence = [s for s in fitting if _shown(s, values)] or fitting, "their values"
    if not chosen:
        candidates = named or schemes
        raise _undecided(
            f"{source}: contains the label values {_text(values)}, which do not fit "
            f"{' or '.join(_title(s) for s in candidates)}"
            f"{f', as the name {hint} suggests' if named else ''}",
            f"{CHOOSE}{_listed(fitting) if named else ''} or correct the file"
            if task.schemes
            else "correct the file",
            fitting,
            values,
        )
    # BraTS-GLI with 4 but without 3: the cavity of 2024, or 2023 with the codes of before.
    partly = len(named) > len(chosen) and not any(_shown(s, values) for s in chosen)
    partly &= any(0 in _meaning(s, [v for v in values if v]) for s in chosen)
    if partly or len({tuple(_meaning(s, values)) for s in chosen}) > 1:
        possible = chosen if named and not partly else fitting
        raise _undecided(
            f"{source}: the label values {_text(values)} mean different things in different "
            "conventions",
            f"{CHOOSE}:{_listed(possible)}",
            possible,
            values,
        )
    return Reading(chosen[0], evidence, _may_be_mask(chosen, fitting, values))


def _may_be_mask(
    chosen: Sequence[LabelScheme], fitting: Sequence[LabelScheme], values: Sequence[int]
) -> str:
    """What to add to a notice if the values are also those of a mask of the whole tumour."""
    masks = [s.name for s in fitting if UNKNOWN in _meaning(s, values)]
    if not masks or chosen[0].name in masks:
        return ""
    value = ", ".join(str(v) for v in values if v)
    return (
        f"; {value} is its only value, so it may also be a mask of the whole tumour, whose regions "
        "cannot be scored"
    )


def _shown(scheme: LabelScheme, values: Sequence[int]) -> bool:
    """Return False if a file with ``values`` has some of the codes of ``shown_by`` but not all.

    A file with none of them, e.g. only 1 and 2, does not tell which scheme it follows.
    """
    shown_values = set(scheme.shown_by) & set(values)
    return not shown_values or shown_values == set(scheme.shown_by)


def _undecided(
    doubt: str, remedy: str, fitting: Sequence[LabelScheme], values: Sequence[int]
) -> InputError:
    """The error for a doubtful scheme; an `UndecidedError` if the task has one for ``values``."""
    choices = {s.name: s.name for s in fitting if UNKNOWN not in _meaning(s, values)}
    if not choices:
        return InputError(f"{doubt}; {remedy}")
    return UndecidedError(doubt, remedy, "scheme", choices)


def named_schemes(
    schemes: Sequence[LabelScheme], hints: Sequence[str]
) -> tuple[list[LabelScheme], str]:
    """The schemes that match names, and the first name that matched.

    A more distant name can only narrow down the schemes of a nearer one.
    """
    chosen: list[LabelScheme] = []
    first = ""
    for hint in hints:
        parts = _parts(hint)
        lengths = [max((_length(w.split("_"), parts) for w in s.words), default=0) for s in schemes]
        longest = max(lengths, default=0)
        here = [s for s, n in zip(schemes, lengths, strict=True) if n == longest > 0]
        if not chosen:
            chosen, first = here, hint
        else:
            chosen = [s for s in chosen if s in here] or chosen
    return chosen, first


def _length(wanted: Sequence[str], parts: Sequence[str]) -> int:
    """The number of parts of ``wanted`` if it is a contiguous part of ``parts``, else 0."""
    n = len(wanted)
    if any(word.isalnum() and word not in parts for word in wanted):  # fast, for nearly all
        return 0
    runs = (parts[k : k + n] for k in range(len(parts) - n + 1))
    matches = (all(map(fnmatchcase, run, wanted)) for run in runs)
    return n if n and any(matches) else 0


def _parts(name: str) -> list[str]:
    return re.findall(r"[a-z0-9]+", name.lower())


def _meaning(scheme: LabelScheme, values: Sequence[int]) -> list[int]:
    return [scheme.mapping[v] for v in values]


def _whole(array: Array) -> npt.NDArray[np.uint8]:
    rounded = np.rint(array) if array.dtype.kind == "f" else array
    return rounded.astype(np.uint8, copy=False)


def _identity(task: Task) -> LabelScheme:
    codes = {str(label.value): label.value for label in task.labels}
    return LabelScheme(name=f"the labels of task {task.name}", codes=codes)


def _title(scheme: LabelScheme) -> str:
    return scheme.name.split("(")[0].strip()


def _listed(schemes: Sequence[LabelScheme]) -> str:
    return " " + "; ".join(s.name for s in schemes) if schemes else ""


def _text(values: Sequence[int]) -> str:
    shown = ", ".join(map(str, values[:12]))
    return shown + (" ..." if len(values) > 12 else "")
