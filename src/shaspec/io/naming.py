"""Which modality a file holds, from its name alone.

A name is cut into parts at everything that is neither letter nor digit; the words of a task are
looked for as runs of whole parts ("t1" is no part of "t1ce"). The match that ends last wins, then
the longest: ``x_t2_flair`` is FLAIR, ``sub-01_ce-gad_T1w`` is T1ce.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import takewhile
from pathlib import Path

from shaspec.errors import InputError
from shaspec.io.images import is_image
from shaspec.io.sound import is_sound
from shaspec.task import Task

LABELS = "labels"
"""The role of a label file beside the modality names."""

RESULT = "pred"
"""The last word in the name of what a model found: no input and no truth, wherever it lies."""


@dataclass(frozen=True)
class Match:
    """What a name says: the ``role`` (a modality or ``labels``) and the parts that say so."""

    role: str
    start: int
    stop: int


def stem(name: str) -> str:
    """File name without ``.nii``, ``.nii.gz``, ``.png`` and the like, in its own spelling."""
    ending = r"(\.nii)?(\.gz)?$|\.(png|jpe?g|bmp|tiff?|wav)$"
    return re.sub(ending, "", name, count=1, flags=re.IGNORECASE)


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
    """The modality (or ``labels``) that a file name stands for; None if it says nothing.

    The name of a modality is always one of its words. Of a task with images and sounds the ending
    has a say: it must fit, and where no word speaks it is enough, if one modality only fits.
    """
    name_parts = parts(name)
    words = [(m.name, word) for m in task.modalities for word in (m.name, *m.words)]
    words += [(LABELS, word) for word in task.label_words]
    found = [
        Match(role, *place)
        for role, word in words
        if (place := find_word(word, name_parts)) is not None
    ]
    match = max(found, key=lambda m: (m.stop, m.stop - m.start), default=None)
    fitting = _fitting(name, task)
    if match is None and len(fitting) == 1:
        return Match(fitting[0], len(name_parts), len(name_parts))
    return match if match is None or not fitting or match.role in fitting else None


def is_result(name: str, task: Task) -> bool:
    """True for ``case_FLAIR+T2_pred.nii.gz``, unless the task has ``pred`` for its labels."""
    return parts(name)[-1:] == [RESULT] and RESULT not in task.label_words


def _fitting(name: str, task: Task) -> list[str]:
    """The modalities of the medium that the ending tells; empty where that says nothing."""
    medium = "sound" if is_sound(Path(name)) else "image" if is_image(Path(name)) else None
    found = [m.name for m in task.modalities if m.medium == medium]
    return found if len(found) < len(task.modalities) else []


def name_to_judge(path: Path, task: Task) -> str:
    """The name that says what a file holds: its own, or its folder's for a picture ``rgb/39.png``.

    The folder of a volume is the case's, which may well speak of a modality that it is not.
    """
    by_folder = task.dims == 2 and recognise(path.name, task) is None
    return path.absolute().parent.name if by_folder else path.name


def assign(
    files: Iterable[tuple[str, Path]], task: Task
) -> tuple[dict[str, Path], dict[str, str], list[Path]]:
    """Sort files, given as (name to judge by, path), to modalities in task order, labels last.

    Returns what is clear, a message per role that two files claim, and the files without a role.
    """
    claims: dict[str, list[Path]] = {role: [] for role in (*task.names, LABELS)}
    unknown: list[Path] = []
    for name, path in files:
        match = recognise(name, task)
        (claims[match.role] if match else unknown).append(path)
    clear = {role: paths[0] for role, paths in claims.items() if len(paths) == 1}
    doubts = {role: doubt(role, paths) for role, paths in claims.items() if len(paths) > 1}
    return clear, doubts, unknown


def doubt(role: str, paths: list[Path]) -> str:
    """What to tell a user about files that claim the same role."""
    same_folder = len({path.parent for path in paths}) == 1
    names = " and ".join(path.name if same_folder else str(path) for path in paths)
    where = f"{paths[0].parent}: " if same_folder else ""
    return (
        f"{where}{names} both look like {role}; keep one of them in the folder, or name the files "
        f"one by one ({role}=file)"
    )


def common_name(files: Sequence[Path], task: Task) -> str:
    """A name for loose files: what their names share before the modality, else their folder."""
    shared: list[list[str]] = []
    for path in files:
        match = recognise(path.name, task)
        shared.append(parts(path.name)[: match.start if match else None])
    columns = takewhile(lambda column: len(set(column)) == 1, zip(*shared, strict=False))
    count = len(list(columns))
    if not count:
        return files[0].resolve().parent.name if files else "case"
    spelled = list(re.finditer(r"[A-Za-z0-9]+", stem(files[0].name)))
    return stem(files[0].name)[: spelled[count - 1].end()]


def require_role(path: Path, task: Task) -> str:
    """The role of one file; raises `InputError` where its name says none, or a result."""
    if is_result(path.name, task):
        raise InputError(
            f"{path}: by the last word of its name this is what a model found; give a modality, "
            f"or name the file outright, e.g. {task.names[0]}={path.name}"
        )
    match = recognise(name_to_judge(path, task), task)
    if match is None:
        words = "; ".join(f"{m.name}: {', '.join(m.words[:4])}" for m in task.modalities)
        raise InputError(
            f"{path}: the name does not say which modality it is; use a part like ({words}), or "
            f"name it outright, e.g. {task.names[0]}={path.name}"
        )
    return match.role
