"""Label files in any of a task's conventions -> the codes of the task.

Values decide first, then words in the names of the file, its folder and its neighbours, then the
order in which the task lists its schemes.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from shaspec.errors import InputError
from shaspec.io.naming import find_word, parts
from shaspec.task import LabelScheme, Task

Array = npt.NDArray[Any]


def to_task_labels(
    array: Array, task: Task, source: str, hints: Sequence[str] = (), scheme: str | None = None
) -> tuple[npt.NDArray[np.uint8], LabelScheme]:
    """Labels of a file in the task's codes (same shape, uint8), and the scheme they were in.

    ``source`` names the file in messages, ``hints`` are names to look for words in, the nearest
    first, ``scheme`` overrides the recognition. Raises `InputError` for values no scheme knows.
    """
    values = label_values(array, source)
    schemes = task.schemes or (_identity(task),)
    chosen = find_scheme(scheme, task) if scheme else recognise_scheme(values, schemes, hints)
    if chosen is None or not set(values) <= set(chosen.mapping):
        known = [chosen] if chosen else schemes
        raise InputError(
            f"{source}: holds the label values {_text(values)}, which do not fit "
            f"{' or '.join(s.name for s in known)}; choose another scheme or correct the file"
        )
    labels = array.astype(np.uint8)
    if any(chosen.mapping[value] != value for value in values):
        table = np.zeros(256, np.uint8)
        table[values] = _meaning(chosen, values)
        labels = table[labels]
    return labels, chosen


def label_values(array: Array, source: str) -> list[int]:
    """The distinct values of a label map, which must be integers from 0 to 255."""
    low, high = array.min(), array.max()
    if low < 0 or high > 255:
        raise InputError(
            f"{source}: values reach from {low:g} to {high:g}, so this is no label map; give the "
            "label file, or load this one as a modality"
        )
    whole = array.astype(np.uint8, copy=False)
    if array.dtype.kind == "f" and not np.array_equal(whole, array):
        raise InputError(
            f"{source}: holds values that are not whole numbers, so this is no label map (or one "
            "that was interpolated); resample labels with nearest neighbour"
        )
    inside = whole[whole != 0]  # few voxels, which makes counting cheap
    found = [int(v) for v in np.flatnonzero(np.bincount(inside))]
    return found if inside.size == whole.size else [0, *found]


def recognise_scheme(
    values: Sequence[int], schemes: Sequence[LabelScheme], hints: Sequence[str] = ()
) -> LabelScheme | None:
    """The scheme that ``values`` and ``hints`` speak for; None if no scheme has all the values."""
    fitting = [s for s in schemes if set(values) <= set(s.mapping)]
    if not fitting:
        return None
    chosen = fitting[0]
    for hint in hints:
        hint_parts = parts(hint)
        named = [s for s in fitting if any(find_word(w, hint_parts) for w in s.words)]
        if named:
            chosen = named[0]
            break
    # Where several mean the same by these values, the first listed gives its name.
    return next(s for s in fitting if _meaning(s, values) == _meaning(chosen, values))


def find_scheme(text: str, task: Task) -> LabelScheme:
    """A scheme by the beginning of its name or by a part of it, e.g. ``2023``."""
    wanted = text.strip().lower()
    titles = {s.name: s.name.split("(")[0].strip() for s in task.schemes}
    found = [
        s
        for s in task.schemes
        if wanted and (s.name.lower().startswith(wanted) or find_word(text, parts(titles[s.name])))
    ]
    if len(found) != 1:
        raise InputError(
            f"label scheme {text!r} {'fits several' if found else 'is unknown'}: task "
            f"{task.name!r} has {', '.join(titles.values()) or 'none'}"
        )
    return found[0]


def _meaning(scheme: LabelScheme, values: Sequence[int]) -> list[int]:
    return [scheme.mapping[v] for v in values]


def _identity(task: Task) -> LabelScheme:
    codes = {str(label.value): label.value for label in task.labels}
    return LabelScheme(name=f"the labels of task {task.name}", codes=codes)


def _text(values: Sequence[int]) -> str:
    shown = ", ".join(map(str, values[:12]))
    return shown + (" ..." if len(values) > 12 else "")
