"""Infers a task and a configuration from a folder of cases.

`shaspec.training.templates` writes them to files, which a user can edit.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from pydantic import ValidationError

from shaspec.errors import InputError, in_words
from shaspec.files.reading import resolved
from shaspec.geometry import Grid
from shaspec.io.cases import read_case
from shaspec.io.description import DESCRIPTION
from shaspec.io.folders import CaseFiles, find_cases
from shaspec.io.layout import find_layout
from shaspec.io.naming import parts, recognise
from shaspec.io.schemes import label_values
from shaspec.io.volumes import read_header, read_volume
from shaspec.task import Label, Modality, Region, Task, bundled_tasks, load_task
from shaspec.task_names import as_file_name_part

FEW = 10  # cases read for label values and intensities
MANY = 60  # headers read for the voxel size
LABELS_AT_MOST = 32  # a file with more distinct values is an image
MODALITIES = (2, 6)
COLOURS = (
    "#d62728", "#2ca02c", "#ffdd33", "#1f77b4", "#ff7f0e", "#9467bd", "#17becf", "#e377c2",
)  # fmt: skip


@dataclass(frozen=True)
class Proposal:
    """A proposed task and settings; `shaspec.training.templates.write` writes the files."""

    folder: Path
    task: Task
    bundled: bool
    """The folder fits a bundled task, so no task file is needed."""
    cases: tuple[CaseFiles, ...]
    crop: tuple[int, ...]
    notices: tuple[str, ...] = ()

    @property
    def labelled(self) -> list[CaseFiles]:
        """The cases that can be trained on."""
        return [c for c in self.cases if c.labels is not None and not c.problems]


def propose(folder: Path, modalities: Sequence[str] = (), labels_word: str = "") -> Proposal:
    """Scans ``folder``; raises `InputError` if names and values are ambiguous.

    ``modalities`` and ``labels_word`` are as for `shaspec.io.layout.find_layout`.
    """
    layout = find_layout(folder, modalities, labels_word)
    if not labels_word and not layout.label_names:
        word = _labels_by_values(folder, layout.modalities, layout.label_words)
        layout = find_layout(folder, modalities, word) if word else layout
    least, most = MODALITIES
    if not least <= len(layout.modalities) <= most:
        names = ", ".join(m.name for m in layout.modalities)
        raise InputError(
            f"{folder}: found {len(layout.modalities)} modalities ({names}), but {least} to {most} "
            "are possible; choose with --modalities A,B"
        )
    task = _frame(folder, layout.modalities, layout.label_words)
    cases = find_cases(folder, task)
    labelled = [c for c in cases if c.labels is not None and not c.problems]
    if not labelled:
        raise InputError(
            f"{folder}: no label files found for {', '.join(task.names)}; give a part of their "
            "names with --labels-word WORD"
        )
    values, window = _look(labelled, task)
    bundled = _bundled(task, values)
    if bundled is not None:
        cases = find_cases(folder, bundled)
        return Proposal(folder, bundled, True, tuple(cases), _crop(labelled))
    named = {v: layout.label_names.get(v, f"label{v}") for v in values}
    regions = _regions(named, layout.regions)
    task = _with_labels(folder, task, named, regions, window, _spacing(labelled))
    notices = [f"{c.name}: {c.problems[0]}" for c in cases if c.problems]
    unlabelled = [c.name for c in cases if c.labels is None]
    if unlabelled:
        more = ", ..." if len(unlabelled) > 5 else ""
        notices.append(f"no labels: {', '.join(unlabelled[:5])}{more}")
    return Proposal(folder, task, False, tuple(cases), _crop(labelled), tuple(notices))


# -- reading the files ---------------------------------------------------------------------------


def _frame(folder: Path, modalities: Sequence[Modality], label_words: Sequence[str]) -> Task:
    name = "-".join(parts(resolved(folder).name)) or "task"
    if name in bundled_tasks():
        name += "-own"
    return Task(
        name=as_file_name_part(name),
        title=f"Labels of {resolved(folder).name}",
        modalities=tuple(modalities),
        labels=(Label(value=1, name="unknown", title="unknown", colour=COLOURS[0]),),
        regions=(Region(name="unknown", title="unknown", labels=(1,), paints=1),),
        label_words=tuple(label_words),
    )


def _labels_by_values(
    folder: Path, modalities: Sequence[Modality], label_words: Sequence[str]
) -> str:
    """The word of the only file with few integer values, if no file name means labels."""
    cases = find_cases(folder, _frame(folder, modalities, label_words))
    if any(c.labels for c in cases) or len(modalities) < 2:
        return ""
    case = max(cases, key=lambda c: len(c.volumes))
    if case.channel:
        return ""
    few = [name for name, path in case.volumes.items() if _is_label_map(path)]
    words = {m.name: (*m.words, m.name)[0] for m in modalities}
    return words[few[0]] if len(few) == 1 else ""


def _is_label_map(path: Path) -> bool:
    try:
        return len(label_values(read_volume(path).array, str(path))) <= LABELS_AT_MOST
    except InputError:
        return False


def _look(
    labelled: list[CaseFiles], task: Task
) -> tuple[list[int], dict[str, tuple[float, float]]]:
    """Label values, and for CT the intensity range inside the labels, of a few cases."""
    values: set[int] = set()
    inside: dict[str, list[float]] = {}
    for files in _spread(labelled, FEW):
        assert files.labels is not None
        labels = read_volume(files.labels).array
        in_file = label_values(labels, str(files.labels))
        if len(in_file) > LABELS_AT_MOST:
            raise InputError(
                f"{files.labels}: has {len(in_file)} distinct values and is probably an image; "
                "give a part of the names of label files with --labels-word WORD"
            )
        values.update(in_file)
        if any(_is_ct(m) for m in task.modalities):
            case = read_case(files, task, with_labels=False)
            for m in task.modalities:
                if _is_ct(m) and m.name in case.volumes and case.grid.shape == labels.shape:
                    voxels = case.volumes[m.name][labels > 0]
                    if voxels.size:
                        inside.setdefault(m.name, []).extend(np.percentile(voxels, (0.5, 99.5)))
    values.discard(0)
    if not values:
        raise InputError(f"{labelled[0].labels}: the label files contain only background")
    return sorted(values), {n: (round(min(v)), round(max(v))) for n, v in inside.items()}


def _is_ct(modality: Modality) -> bool:
    return "ct" in parts(modality.name)


def _spread(cases: list[CaseFiles], number: int) -> list[CaseFiles]:
    """At most ``number`` cases, spread evenly over the list."""
    step = max(1, -(-len(cases) // number))
    return cases[::step]


def _grids(cases: list[CaseFiles]) -> list[Grid]:
    headers = [read_header(next(iter(c.volumes.values()))) for c in _spread(cases, MANY)]
    return [Grid.from_affine(h.affine, h.shape[:3]) for h in headers]


def _spacing(cases: list[CaseFiles]) -> tuple[float, ...]:
    """Median voxel size (S, P, L) in mm."""
    medians = np.median([g.spacing for g in _grids(cases)], axis=0)
    return tuple(float(f"{mm:.4g}") for mm in medians)


def _crop(cases: list[CaseFiles]) -> tuple[int, ...]:
    """Crop size: at most 64 voxels per axis, a multiple of 16, at most the size of the images."""
    sizes = np.median([g.shape for g in _grids(cases)], axis=0)
    return tuple(min(64, max(16, int(n) // 16 * 16)) for n in sizes)


def _bundled(task: Task, values: Sequence[int]) -> Task | None:
    """The bundled task with these modalities and the values of one of its label schemes."""
    for name in bundled_tasks():
        bundled = load_task(name)
        spelled = [(*m.words, m.name)[0] for m in task.modalities]
        matches = [recognise(word, bundled) for word in spelled]
        roles = [m.role for m in matches if m]
        schemes = [{v for v in s.mapping if v} for s in bundled.schemes]
        if sorted(roles) == sorted(bundled.names) and set(values) in schemes:
            return bundled
    return None


def _regions(named: dict[int, str], described: dict[str, tuple[int, ...]]) -> list[Region]:
    """The regions of the description, and one region for each label that is in none of them."""
    joined = {v for values in described.values() for v in values}
    candidates = [*described.items(), *((n, (v,)) for v, n in named.items() if v not in joined)]
    seen = [(name, tuple(v for v in values if v in named)) for name, values in candidates]
    regions = []
    for name, values in seen:
        smaller = {v for _, others in seen if len(others) < len(values) for v in others}
        own = [v for v in values if v not in smaller] or values
        regions += (
            [Region(name=as_file_name_part(name), title=name, labels=values, paints=own[0])]
            if values
            else []
        )
    return regions


def _with_labels(
    folder: Path,
    task: Task,
    named: dict[int, str],
    regions: Sequence[Region],
    window: dict[str, tuple[float, float]],
    spacing: tuple[float, ...],
) -> Task:
    colours = {v: COLOURS[i % len(COLOURS)] for i, v in enumerate(named)}
    labels = [{"value": v, "name": n, "title": n, "colour": colours[v]} for v, n in named.items()]
    modalities = [
        m.model_copy(update={"normalisation": "window", "window": window[m.name]})
        if window.get(m.name, (0, 0))[0] < window.get(m.name, (0, 0))[1]
        else m
        for m in task.modalities
    ]
    content = task.model_dump() | {
        "modalities": [m.model_dump() for m in modalities],
        "labels": labels,
        "regions": [region.model_dump() for region in regions],
        "spacing": spacing,
    }
    try:
        return Task.model_validate(content)
    except ValidationError as error:
        wrong = in_words(error.errors(), Task.model_fields)
        raise InputError(
            f"{folder}: the files make no valid task ({wrong}); correct the label files, or "
            f"{folder / DESCRIPTION} if there is one"
        ) from error
