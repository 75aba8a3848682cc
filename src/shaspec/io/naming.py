"""Recognise the modality of a file, a layer or a column by its name.

`recognise` returns the modality or None, `read_name` also the evidence or the reason. The parser is
`shaspec.io.names`; its vocabulary is a table to which a task adds words.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from itertools import takewhile
from pathlib import Path

from shaspec.errors import InputError
from shaspec.files.reading import resolved
from shaspec.io import images
from shaspec.io.formats import table
from shaspec.io.images import is_image
from shaspec.io.names import LABELS, Certainty, Match, Reading, read, task_vocabulary
from shaspec.io.sound import is_sound
from shaspec.task import Task

__all__ = [
    "LABEL",
    "LABELS",
    "PROBABILITY",
    "RESULT",
    "Certainty",
    "Match",
    "Reading",
    "common_name",
    "find_word",
    "in_folder",
    "is_result",
    "is_silent",
    "name_to_judge",
    "notice",
    "parts",
    "read_name",
    "recognise",
    "require_role",
    "stem",
]

RESULT = "pred"
"""The last word in the name of a model's result, which is neither an input nor a reference."""

PROBABILITY = "prob"
"""In the name of a probability map, before the region or before `LABEL` and the label."""
LABEL = "label"

LONGEST = 1000
"""Characters of a name that are read: file names are shorter, cells of a list may not be."""
ENDING = re.compile(
    rf"(\.({'|'.join(table.FIRST)}|{'|'.join(e[1:] for e in images.ENDINGS)}|wav))?"
    rf"(\.({'|'.join(table.PACKED)}))?$",
    re.IGNORECASE,
)
OWN_SEPARATOR = " · "
"""Between a case and a modality in the names of layers."""


def stem(name: str) -> str:
    """File name without ``.nii``, ``.nii.gz``, ``.png`` and similar, in its original spelling."""
    return ENDING.sub("", name, count=1)


def parts(name: str) -> list[str]:
    """``"sub-01_ce-gad_T1w.nii.gz"`` -> ``["sub", "01", "ce", "gad", "t1w"]``."""
    return re.findall(r"[a-z0-9]+", stem(name).lower())


def find_word(word: str, name_parts: Sequence[str]) -> tuple[int, int] | None:
    """The last position of ``word`` in the parts of a name, as (start, stop)."""
    word_parts = parts(word)
    for stop in range(len(name_parts), len(word_parts) - 1, -1):
        if word_parts and list(name_parts[stop - len(word_parts) : stop]) == word_parts:
            return stop - len(word_parts), stop
    return None


def recognise(name: str, task: Task) -> Match | None:
    """The modality (or ``labels``) that a name matches; None if there is no match or a doubt.

    Args:
        name: a file name, the name of a layer, channel or column, or the description of a series.
        task: defines the modalities; their words in the task file take precedence.
    """
    return read_name(name, task).match


def read_name(name: str, task: Task) -> Reading:
    """Read a name: the role with its certainty, or the reason for a doubt.

    In a task with images and sounds the file ending must fit the modality, and it is sufficient if
    no word matches and only one modality fits.
    """
    name = name[:LONGEST]
    text = stem(name)
    fitting = _fitting(name, task)
    shown = text.rpartition(OWN_SEPARATOR)[2]
    reading = read(shown, task_vocabulary(task), frozenset(fitting) or None)
    if reading.match and shown != text:
        place = len(text) - len(shown)
        match = reading.match
        moved = replace(match, start=match.start + place, stop=match.stop + place)
        return replace(reading, match=moved)
    if is_silent(reading) and len(fitting) == 1:
        ending = Match(fitting[0], Certainty.CERTAIN, (), "", len(text), len(text))
        return Reading(ending)
    return reading


def notice(path: Path, match: Match) -> str:
    """The notice about a file that is probably ``match.role``."""
    return f"{path.name} was used as {match.role}: {match.reason}"


def is_result(name: str, task: Task) -> bool:
    """Return whether a name is that of a result or probability map.

    Examples are ``case_FLAIR+T2_pred.nii.gz``, unless ``pred`` is a label word of the task, and
    ``case_FLAIR+T2_prob_ET.nii.gz``."""
    words = parts(re.sub(rf"{re.escape(table.SEGMENTATION)}$", "", name, flags=re.IGNORECASE))
    if PROBABILITY in words[1:]:
        shown = words[len(words) - words[::-1].index(PROBABILITY) :]
        regions = [parts(region) for region in task.region_names]
        return shown in regions or shown[:1] == [LABEL]
    return words[-1:] == [RESULT] and RESULT not in task.label_words


def _fitting(name: str, task: Task) -> list[str]:
    """The modalities of the medium that the file ending implies; empty if it implies none."""
    medium = "sound" if is_sound(Path(name)) else "image" if is_image(Path(name)) else None
    fitting = [m.name for m in task.modalities if m.medium == medium]
    return fitting if len(fitting) < len(task.modalities) else []


def name_to_judge(path: Path, task: Task) -> str:
    """The name to judge a file by: its own, or its folder's if its own is uninformative.

    The folder of a picture may be ``rgb``. The folder of a volume is usually the case and may
    mention other modalities, so its name is used only if it is just a modality, such as ``T1ce`` or
    ``5_T1_post``.
    """
    folder = path.absolute().parent.name
    if task.dims == 2:
        return path.name if recognise(path.name, task) else folder
    match = recognise(folder, task) if is_silent(read_name(path.name, task)) else None
    if match is None or match.reason or match.role == LABELS:
        return path.name
    rest = folder[: match.start] + folder[match.stop :]
    return in_folder(folder, path) if not re.search(r"[^\W\d_]", rest) else path.name


def in_folder(folder: str, path: Path) -> str:
    """The name of a file preceded by its folder, to be read together."""
    return f"{folder}_{path.name}"


def is_silent(reading: Reading) -> bool:
    """Return whether a name mentions no image at all, not even one that the task does not use."""
    return reading.match is None and not reading.candidates and not reading.evidence


def common_name(files: Sequence[Path], task: Task) -> str:
    """A case name for several files: their common prefix before the modality, else the folder."""
    shared: list[list[str]] = []
    for path in files:
        match = recognise(path.name, task)
        text = stem(path.name)
        shared.append(parts(text[: match.start] if match else text))
    columns = takewhile(lambda column: len(set(column)) == 1, zip(*shared, strict=False))
    count = len(list(columns))
    if not count:
        return resolved(files[0]).parent.name if files else "case"
    spelled = list(re.finditer(r"[A-Za-z0-9]+", stem(files[0].name)))
    return stem(files[0].name)[: spelled[count - 1].end()]


def require_role(path: Path, task: Task) -> Match:
    """The role of one file; raises `InputError` if its name matches none, or is a result."""
    if is_result(path.name, task):
        raise InputError(
            f"{path}: its name marks it as the result of a model; pass a modality, "
            f"or give the role of the file, e.g. {task.names[0]}={path.name}"
        )
    reading = read_name(name_to_judge(path, task), task)
    if reading.match is None:
        roles = reading.candidates or task.names[:1]
        options = " or ".join(f"{role}={path.name}" for role in roles)
        words = "; ".join(f"{m.name}: {', '.join(m.words[:4])}" for m in task.modalities)
        raise InputError(
            f"{path}: the modality is unclear from the name ({reading.reason}); use a "
            f"part like ({words}), or give the modality: {options}"
        )
    return reading.match
