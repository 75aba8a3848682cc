"""A truth in several files, one mask for each region or label: ``seg_WT``, ``seg_TC``, ``seg_ET``.

The masks are combined if they determine the label of every voxel: the labels that a voxel may have
are those of all masks that contain it, and of none that does not.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np

from shaspec.errors import InputError
from shaspec.io.label_names import phrase_of
from shaspec.io.naming import LABELS, Certainty, Match, stem
from shaspec.io.truth_file import read_truth
from shaspec.io.volumes import Volume
from shaspec.notices import CaseNotice, NoticeKind
from shaspec.task import Task

Masks = Mapping[str, Path]
"""Name of a region or label -> the file of its mask."""
MASK_WORDS = frozenset({"seg", "segmentation", "mask", "label", "labels", "roi", "desc"})
INSTEAD = "combine the masks into one label map and give it as labels=file"
TOLERANCE = 1e-3  # of a voxel, between the grids of two masks


def mask_files(names: Iterable[tuple[str, Path]], task: Task) -> dict[str, Path]:
    """The masks among files whose names differ in a region or a label only.

    Args:
        names: (name to judge by, path) of files that are not scans.
        task: defines the regions and labels.

    Returns:
        Name of a region or label -> file; empty for fewer than two masks, or if a region has two.
    """
    groups: dict[tuple[str, ...], list[tuple[str, Path]]] = {}
    for name, path in names:
        named = _named(name, task)
        if named is not None:
            part, rest = named
            groups.setdefault(rest, []).append((part, path))
    group = max(groups.values(), key=len, default=[])
    masks = dict(group)
    values = {_values(part, task) for part in masks}
    return masks if 1 < len(values) == len(group) else {}


def masks_with(labels: Path, others: Iterable[Path], task: Task) -> dict[str, Path]:
    """The masks of a truth whose label file is ``labels``; empty if that is not a mask, or if the
    ``others`` do not contain all masks that it needs."""
    masks = mask_files([(path.name, path) for path in (labels, *others)], task)
    return masks if labels in masks.values() and are_sufficient(masks, task) else {}


def mask_match(path: Path, task: Task) -> Match:
    """What the name of a mask says: labels; the words in front of these name the patient."""
    text = stem(path.name)
    words = list(re.finditer(r"[^\W_]+", text))
    named = _named(path.name, task)
    rest = set(named[1]) if named else set()
    first = next((w for w in words if phrase_of(w.group())[0] not in rest), None)
    start = first.start() if first else len(text)
    return Match(LABELS, Certainty.CERTAIN, (), "", start, len(text))


def names_part(name: str, task: Task) -> bool:
    """Return whether the name of a file contains that of a region or label."""
    return task.dims == 3 and _named(name, task) is not None


def are_sufficient(masks: Collection[str], task: Task) -> bool:
    """Return whether masks of these regions and labels tell all labels of ``task`` apart."""
    every = _memberships(masks, task)
    return len(set(every.values())) == len(every) and 0 not in every.values()


def read_masks(masks: Masks, task: Task) -> Volume:
    """The label map of masks, (S, P, L) uint8 in the codes of the task.

    Raises:
        InputError: for a file that is not a mask or lies on another grid, and for masks that
            contradict each other; the message names the file and what to do.
    """
    names = list(masks)
    volumes = [read_truth(masks[name]) for name in names]
    first = volumes[0]
    codes = np.zeros(first.array.shape, np.uint16)
    for bit, volume in enumerate(volumes):
        if not volume.grid.matches(first.grid, TOLERANCE):
            raise InputError(
                f"{volume.path}: this mask has another grid than {first.path.name}; resample it, "
                f"or {INSTEAD}"
            )
        codes |= np.uint16(1 << bit) * _inside(volume)
    table = np.zeros(1 << len(names), np.uint8)
    is_known = np.zeros(table.size, bool)
    is_known[0] = True
    for value, code in _memberships(names, task).items():
        table[code], is_known[code] = value, True
    wrong = ~is_known[codes]
    if wrong.any():
        code = int(np.bincount(codes[wrong]).argmax())
        inside = [masks[n].name for bit, n in enumerate(names) if code >> bit & 1]
        others = [masks[n].name for bit, n in enumerate(names) if not code >> bit & 1]
        raise InputError(
            f"{first.path}: {np.count_nonzero(codes == code)} voxels are in {' and '.join(inside)} "
            f"but not in {' and '.join(others) or 'any other mask'}, which fits no label of task "
            f"{task.name!r}; correct the masks, or {INSTEAD}"
        )
    labels = table[codes]
    notices = tuple(dict.fromkeys(text for volume in volumes for text in volume.notices))
    limits = (0.0, float(labels.max()))
    return replace(first, array=labels, limits=limits, notices=notices, nan=None)


def masks_notice(masks: Masks) -> CaseNotice:
    """How the labels were read, for the notices of a case."""
    named = ", ".join(f"{name} from {path.name}" for name, path in masks.items())
    return CaseNotice(f"labels combined from masks: {named}", NoticeKind.LABELS_READ)


def _inside(volume: Volume) -> np.ndarray[tuple[int, ...], np.dtype[np.bool_]]:
    """Where a mask is set; raises `InputError` for more than two values."""
    values = np.unique(volume.array)
    low, high = float(values[0]), float(values[-1])
    apart = TOLERANCE * max(abs(low), abs(high))
    between = (values > low + apart) & (values < high - apart)
    if between.any() or abs(low) > apart:
        raise InputError(
            f"{volume.path}: by its name this is the mask of one region, but it has the values "
            f"{', '.join(f'{v:g}' for v in values[:6])}; pass the complete label map as labels=file"
        )
    return np.asarray(volume.array > high / 2)


def _memberships(names: Collection[str], task: Task) -> dict[int, int]:
    """Label -> the masks that contain it, as bits in the order of ``names``."""
    sets = [_values(name, task) for name in names]
    return {
        label.value: sum(1 << bit for bit, values in enumerate(sets) if label.value in values)
        for label in task.labels
    }


def _values(name: str, task: Task) -> frozenset[int]:
    """The labels of a region or label by name."""
    for region in task.regions:
        if region.name == name:
            return frozenset(region.labels)
    return frozenset(label.value for label in task.labels if label.name == name)


def _named(name: str, task: Task) -> tuple[str, tuple[str, ...]] | None:
    """The region or label that a name says last, and the other words of the name."""
    words = phrase_of(stem(name))
    best: tuple[int, int, str] = (0, 0, "")
    for title, phrase in _phrases(task):
        for start in range(len(words) - len(phrase) + 1):
            if words[start : start + len(phrase)] == phrase:
                best = max(best, (len(phrase), start, title))
    length, start, title = best
    if not title:
        return None
    rest = [*words[:start], *words[start + length :]]
    return title, tuple(word for word in rest if word not in MASK_WORDS)


def _phrases(task: Task) -> list[tuple[str, list[str]]]:
    """(region or label, phrase); regions first, also written as one word."""
    known_phrases: list[tuple[str, str]] = []
    for region in task.regions:
        known_phrases += [(region.name, region.name), (region.name, region.title)]
    named = {text for text, _ in known_phrases}
    for label in task.labels:
        if label.name not in named:
            known_phrases += [(label.name, text) for text in (label.name, label.title)]
        same = next((r.name for r in task.regions if set(r.labels) == {label.value}), label.name)
        known_phrases += [(same, text) for text in label.words]
    phrases = [(name, phrase_of(text)) for name, text in known_phrases]
    phrases += [(r.name, [w for w in phrase_of(r.title) if w != "tumor"]) for r in task.regions]
    glued = [(name, ["".join(phrase)]) for name, phrase in phrases if len(phrase) > 1]
    return [pair for pair in (*phrases, *glued) if pair[1]]
