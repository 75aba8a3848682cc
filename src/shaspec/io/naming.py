"""Which modality a file, a layer or a column holds, from its name alone.

`recognise` gives the modality where the name says it, `read_name` also the reason where not.
How names are read is in `shaspec.io.names`; its vocabulary is a table, and a task adds its words.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from itertools import takewhile
from pathlib import Path

from shaspec.errors import InputError
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
"""The last word in the name of what a model found: no input and no truth, wherever it lies."""

PROBABILITY = "prob"
"""In the name of a map of probabilities, in front of the region or of `LABEL` and the label."""
LABEL = "label"

LONGEST = 1000
"""Letters of a name that are looked at: no file name has more, a cell of a list can."""
ENDING = re.compile(
    rf"(\.({'|'.join(table.FIRST)}|{'|'.join(e[1:] for e in images.ENDINGS)}|wav))?"
    rf"(\.({'|'.join(table.PACKED)}))?$",
    re.IGNORECASE,
)
OWN_SEPARATOR = " · "
"""Between a case and a modality in the names of layers."""


def stem(name: str) -> str:
    """File name without ``.nii``, ``.nii.gz``, ``.png`` and the like, in its own spelling."""
    return ENDING.sub("", name, count=1)


def parts(name: str) -> list[str]:
    """``"sub-01_ce-gad_T1w.nii.gz"`` -> ``["sub", "01", "ce", "gad", "t1w"]``."""
    return re.findall(r"[a-z0-9]+", stem(name).lower())


def find_word(word: str, name_parts: Sequence[str]) -> tuple[int, int] | None:
    """Where ``word`` stands last in the parts of a name, as (start, stop)."""
    wanted = parts(word)
    for stop in range(len(name_parts), len(wanted) - 1, -1):
        if wanted and list(name_parts[stop - len(wanted) : stop]) == wanted:
            return stop - len(wanted), stop
    return None


def recognise(name: str, task: Task) -> Match | None:
    """The modality (or ``labels``) that a name stands for; None if it says nothing or is doubtful.

    Args:
        name: a file name, the name of a layer, channel or column, or the description of a series.
        task: its modalities are looked for; their words in the task file come first.
    """
    return read_name(name, task).match


def read_name(name: str, task: Task) -> Reading:
    """What a name says, with its certainty, or the reason why that is doubtful.

    Of a task with images and sounds the ending of a file has a say: it must fit, and where no word
    speaks it is enough, if one modality only fits.
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
    """What to tell about a file that probably holds ``match.role``."""
    return f"{path.name} was taken as {match.role}: {match.reason}"


def is_result(name: str, task: Task) -> bool:
    """True for ``case_FLAIR+T2_pred.nii.gz``, unless the task has ``pred`` for its labels, and for
    ``case_FLAIR+T2_prob_ET.nii.gz``."""
    words = parts(re.sub(rf"{re.escape(table.SEGMENTATION)}$", "", name, flags=re.IGNORECASE))
    if PROBABILITY in words[1:]:
        shown = words[len(words) - words[::-1].index(PROBABILITY) :]
        known = [parts(region) for region in task.region_names]
        return shown in known or shown[:1] == [LABEL]
    return words[-1:] == [RESULT] and RESULT not in task.label_words


def _fitting(name: str, task: Task) -> list[str]:
    """The modalities of the medium that the ending tells; empty where that says nothing."""
    medium = "sound" if is_sound(Path(name)) else "image" if is_image(Path(name)) else None
    found = [m.name for m in task.modalities if m.medium == medium]
    return found if len(found) < len(task.modalities) else []


def name_to_judge(path: Path, task: Task) -> str:
    """The name that says what a file holds: its own, or its folder's where its own says nothing.

    The folder of a picture may be ``rgb``. That of a volume is the case's, as a rule, which may
    well speak of a modality that it is not: it has to say the modality and nothing else, as
    ``T1ce`` and ``5_T1_post`` do.
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
    """The name of a file with that of its folder in front, to be judged together."""
    return f"{folder}_{path.name}"


def is_silent(reading: Reading) -> bool:
    """True if a name speaks of no image at all, not even one that the task does not know."""
    return reading.match is None and not reading.candidates and not reading.evidence


def common_name(files: Sequence[Path], task: Task) -> str:
    """A name for loose files: what their names share before the modality, else their folder."""
    shared: list[list[str]] = []
    for path in files:
        match = recognise(path.name, task)
        text = stem(path.name)
        shared.append(parts(text[: match.start] if match else text))
    columns = takewhile(lambda column: len(set(column)) == 1, zip(*shared, strict=False))
    count = len(list(columns))
    if not count:
        return files[0].resolve().parent.name if files else "case"
    spelled = list(re.finditer(r"[A-Za-z0-9]+", stem(files[0].name)))
    return stem(files[0].name)[: spelled[count - 1].end()]


def require_role(path: Path, task: Task) -> Match:
    """The role of one file; raises `InputError` where its name says none, or a result."""
    if is_result(path.name, task):
        raise InputError(
            f"{path}: by the last word of its name this is the result of a model; give a modality, "
            f"or name the file outright, e.g. {task.names[0]}={path.name}"
        )
    reading = read_name(name_to_judge(path, task), task)
    if reading.match is None:
        roles = reading.candidates or task.names[:1]
        options = " or ".join(f"{role}={path.name}" for role in roles)
        words = "; ".join(f"{m.name}: {', '.join(m.words[:4])}" for m in task.modalities)
        raise InputError(
            f"{path}: which modality this is, is not clear from its name ({reading.reason}); use a "
            f"part like ({words}), or name it outright: {options}"
        )
    return reading.match
