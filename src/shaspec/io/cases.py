"""Read a `Case` from files: all volumes on one grid, labels in the codes of the task."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy.typing as npt

from shaspec.case import Case
from shaspec.errors import InputError
from shaspec.geometry import Grid
from shaspec.io.arrays import case_from_arrays
from shaspec.io.case_labels import label_hints, task_labels
from shaspec.io.findings import Scan, case_findings, doubts, findings, stray, told
from shaspec.io.folders import CaseFiles
from shaspec.io.given_files import Source, files_of
from shaspec.io.gridding import FINEST, on_grid, reference, truth_on_grid
from shaspec.io.images import read_image, read_label_image
from shaspec.io.measured import measured
from shaspec.io.naming import LABELS
from shaspec.io.reading import Read, chosen, read_volumes, require
from shaspec.io.sound import read_sound
from shaspec.memory import enough_memory
from shaspec.task import Subset, Task

__all__ = ["case_from_arrays", "label_hints", "read_case"]

Array = npt.NDArray[Any]


@dataclass(frozen=True)
class _Options:
    """How to read the files of a case; see `read_case`."""

    scheme: str | None
    grid: str
    by_voxel: bool | None


def read_case(
    source: Source,
    task: Task,
    *,
    scheme: str | None = None,
    with_labels: bool = True,
    present: Collection[str] | None = None,
    grid: str = "",
    labels_by_voxel: bool | None = None,
) -> Case:
    """Read a case from a folder, a 4D file, a list of files or ``{modality: file}``.

    Volumes on another grid are resampled, with a notice. A modality whose file is empty counts as
    missing. Pictures that are segmented must have the same size, since they have no position.

    Args:
        source: the folder or file, a list of files, a mapping (the key ``labels`` names the label
            file), or `CaseFiles` from `find_cases`.
        task: defines the modalities and labels.
        scheme: the label convention by name, e.g. ``"BraTS 2023"`` or ``"2023"``; default:
            detected from the file.
        with_labels: whether label files are read.
        present: read the case as if only these modalities were acquired; default: all.
        grid: the modality whose grid is used for the case, or ``finest``; default: the first
            present modality.
        labels_by_voxel: how to place labels whose header disagrees with the volumes: True uses
            voxel indices, False the header, None raises an error in doubtful cases.

    Returns:
        The case; arrays are (S, P, L) or (row, column) on one grid, labels in the codes of
        ``task``.

    Raises:
        InputError: if files cannot be found, assigned or read; the message names the file and
            what to do.
        OutOfMemoryError: if there is not enough memory.
    """
    with enough_memory("reading a case"):
        files = files_of(source, task, with_labels and task.kind == "segmentation")
        options = _Options(scheme, grid, labels_by_voxel)
        return _read(files, task, options, present, with_labels=with_labels)


def _read(
    files: CaseFiles,
    task: Task,
    options: _Options,
    present: Collection[str] | None,
    *,
    with_labels: bool,
) -> Case:
    """See `read_case`."""
    if files.problems:
        raise InputError(files.problems[0])
    files = chosen(files, task, present)
    case = _picture_case(files, task, options) if task.dims == 2 else _case(files, task, options)
    if present is not None:
        require(files.name, task.subset(present), case.present, "; ".join(case.notices))
    if options.scheme is not None and with_labels and (case.labels is None or files.masks):
        why = "masks of single regions have none" if files.masks else "the case has no label file"
        text = f"label scheme {options.scheme} was ignored: {why}"
        case = replace(case, notices=(*case.notices, text))
    return case


def _case(files: CaseFiles, task: Task, options: _Options) -> Case:
    """A case of volumes."""
    whole = read = read_volumes(files, task)
    if read.labels is not None:
        array, said = task_labels(
            read.labels.array, read.labels.limits, files, task, options.scheme
        )
        whole = replace(read, labels=replace(read.labels, array=array), label_notices=said)
    case = _gridded(whole, files, task, options, tuple(read.volumes))
    if all(v.grid.matches(case.grid) for v in read.volumes.values()):
        return case
    return replace(case, reduce=_Reduced(replace(whole, labels=None), files, task, options))


@dataclass(frozen=True, eq=False)
class _Reduced:
    """`Case.reduce` of volumes on several grids."""

    read: Read
    files: CaseFiles
    task: Task
    options: _Options

    def __call__(self, subset: Subset) -> Case:
        """The case as `read_case` returns it with ``present=subset``, without labels."""
        return _gridded(self.read, self.files, self.task, self._options(subset), subset)

    def grid(self, subset: Subset) -> Grid:
        """The grid of that case; nothing is resampled."""
        volumes = {name: self.read.volumes[name] for name in subset}
        return reference(volumes, self._options(subset).grid).grid

    def _options(self, subset: Subset) -> _Options:
        fits = self.options.grid.lower() in (FINEST, *map(str.lower, subset))
        return self.options if fits else replace(self.options, grid="")


def _gridded(read: Read, files: CaseFiles, task: Task, options: _Options, subset: Subset) -> Case:
    """The case of the volumes of ``subset`` on their grid."""
    volumes = {name: read.volumes[name] for name in subset}
    first = reference(volumes, options.grid)
    notices = [*files.notices, *read.notices]
    if first.grid.oblique:
        notices.append(f"{first.path.name} was acquired obliquely: shown along its own axes")
    scans = [Scan(task.modality(name), v.array, v.grid, v.path) for name, v in volumes.items()]
    scan_findings = findings(scans)
    notices += told(scan_findings)
    arrays = {
        name: on_grid(volume, first, task.modality(name), notices)
        for name, volume in volumes.items()
    }
    in_place = case_findings(arrays, first.grid, task)
    notices += told(in_place)
    labels = None
    if read.labels is not None:
        others = read.volumes.values()
        labels = truth_on_grid(read.labels, first, others, notices, options.by_voxel)
        notices += read.label_notices
        notices += told(stray(labels, arrays, task, str(files.labels), first.grid.spacing))
    paths = _paths(files, volumes)
    open_roles = tuple(doubts((*scan_findings, *in_place)))
    return Case(
        files.name,
        task,
        first.grid,
        arrays,
        labels,
        paths,
        tuple(notices),
        doubts=open_roles,
        channels={name: k for name, k in (files.channel or {}).items() if name in arrays},
    )


def _picture_case(files: CaseFiles, task: Task, options: _Options) -> Case:
    """Read a case of pictures (and sounds); segmented pictures must match the size of the first."""
    notices = list(files.notices)
    shape: tuple[int, ...] = ()
    arrays: dict[str, Array] = {}
    for name, path in files.volumes.items():
        modality = task.modality(name)
        sound = modality.medium == "sound"
        checked = measured(
            read_sound(path) if sound else read_image(path, modality.channels), modality
        )
        if checked.absent:
            notices.append(
                f"{name} ({path.name}) is empty ({checked.absent}) and counts as missing"
            )
            continue
        notices += [f"{name} ({path.name}): {checked.notice}"] * bool(checked.notice)
        shape = shape or checked.array.shape[-2:]
        if task.kind == "segmentation":
            _same_size(path, name, checked.array.shape[-2:], files, shape)
        arrays[name] = checked.array
    if not arrays:
        raise InputError(f"{'; '.join(notices)}: no modality of case {files.name} is left")
    scans = [Scan(task.modality(n), a, None, files.volumes[n]) for n, a in arrays.items()]
    notices += told(findings(scans))
    labels = None
    if files.labels is not None:
        stored = read_label_image(files.labels)
        _same_size(files.labels, LABELS, stored.shape, files, shape)
        limits = float(stored.min()), float(stored.max())
        labels, said = task_labels(stored, limits, files, task, options.scheme)
        notices += said
    paths = _paths(files, arrays)
    return Case(files.name, task, Grid(shape, (1.0, 1.0)), arrays, labels, paths, tuple(notices))


def _same_size(
    path: Path, name: str, found: tuple[int, ...], files: CaseFiles, wanted: tuple[int, ...]
) -> None:
    if found != wanted:
        first = next(iter(files.volumes.values()))
        raise InputError(
            f"{path}: {name} has {found[1]} x {found[0]} pixels, {first.name} has {wanted[1]} x "
            f"{wanted[0]}; resample all pictures of a case to the same size and field of view"
        )


def _paths(files: CaseFiles, volumes: Collection[str]) -> dict[str, Path]:
    there = {name: path for name, path in files.volumes.items() if name in volumes}
    return there | ({LABELS: files.labels} if files.labels else {})
