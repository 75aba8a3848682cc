"""From files to a `Case`: everything on one grid, labels in the codes of the task."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from shaspec.case import Case
from shaspec.errors import InputError
from shaspec.geometry import Grid
from shaspec.io.folders import CaseFiles, find_case
from shaspec.io.images import read_image, read_label_image
from shaspec.io.naming import LABELS, assign, common_name, name_to_judge, require_role
from shaspec.io.nifti import Volume, read_channels, read_volume
from shaspec.io.resample import coverage, resample
from shaspec.io.schemes import to_task_labels
from shaspec.io.sound import read_sound
from shaspec.preprocessing import background
from shaspec.task import Task

Array = npt.NDArray[Any]
Source = str | Path | CaseFiles | Sequence[str | Path] | Mapping[str, str | Path]

READERS = 4  # threads: unpacking works outside the interpreter lock
COVERED = 0.99  # below this part of the grid a user is told that a volume ends early


def read_case(
    source: Source, task: Task, *, scheme: str | None = None, with_labels: bool = True
) -> Case:
    """Read a case from a folder, a 4D file, a list of files or ``{modality: file}``.

    Volumes on another grid than the first are resampled to it, and a notice of the case says so.
    Pictures that are segmented must have the same size, since nothing tells where they lie.

    Args:
        source: the folder or file, a list of files, a mapping (the key ``labels`` names the label
            file), or `CaseFiles` from `find_cases`.
        task: says which modalities and labels there are.
        scheme: the label convention by name, e.g. ``"BraTS 2023"`` or ``"2023"``; default:
            recognised from the file.
        with_labels: False: label files are not read.

    Returns:
        The case; arrays are (S, P, L) or (row, column) on one grid, labels in the codes of
        ``task``.

    Raises:
        InputError: if files cannot be found, told apart or read; the message names the file and
            what to do.
    """
    files = _files(source, task, with_labels and task.kind == "segmentation")
    if files.problems:
        raise InputError(files.problems[0])
    if task.dims == 2:
        return _picture_case(files, task, scheme)
    volumes, labels = _read_all(files)
    for name, volume in volumes.items():
        if volume.limits[0] == volume.limits[1]:
            raise InputError(
                f"{volume.path}: {name} is empty, every voxel is {volume.limits[0]:g}; leave the "
                "file out (the modality then counts as missing) or export it again"
            )
    first = next((v for v in volumes.values() if v.oriented), next(iter(volumes.values())))
    grid = first.grid
    notices = [*files.notices, *_distinct(volumes)]
    if grid.oblique:
        notices.append(f"{first.path.name} lies obliquely in the scanner: shown along its own axes")
    arrays: dict[str, Array] = {}
    for name, volume in volumes.items():
        fill = 0.0 if volume.grid.matches(grid) else _fill(volume)
        arrays[name] = _on_grid(volume, first, name, notices, order=1, fill=fill)
    task_labels = None
    if labels is not None:
        notices += labels.notices
        array = _task_labels(labels.array, labels.path, files, task, scheme, notices)
        task_labels = _on_grid(
            replace(labels, array=array), first, LABELS, notices, order=0, fill=0
        )
    elif scheme is not None and with_labels:
        notices.append(f"label scheme {scheme} was not needed: the case has no label file")
    return Case(files.name, task, grid, arrays, task_labels, _paths(files), tuple(notices))


def _picture_case(files: CaseFiles, task: Task, scheme: str | None) -> Case:
    """A case of pictures (and sounds); all have the size of the first if they are segmented."""
    notices = list(files.notices)
    shape: tuple[int, ...] = ()
    arrays: dict[str, Array] = {}
    for name, path in files.volumes.items():
        modality = task.modality(name)
        sound = modality.medium == "sound"
        array = read_sound(path) if sound else read_image(path, modality.channels)
        if array.min() == array.max():
            raise InputError(
                f"{path}: {name} is empty, every pixel is {array.min()}; leave the file out (the "
                "modality then counts as missing) or export it again"
            )
        shape = shape or array.shape[-2:]
        if task.kind == "segmentation":
            _same_size(path, name, array.shape[-2:], files, shape)
        arrays[name] = array
    labels = None
    if files.labels is not None:
        array = read_label_image(files.labels)
        _same_size(files.labels, LABELS, array.shape, files, shape)
        labels = _task_labels(array, files.labels, files, task, scheme, notices)
    grid = Grid(shape, (1.0, 1.0))
    return Case(files.name, task, grid, arrays, labels, _paths(files), tuple(notices))


def _same_size(
    path: Path, name: str, found: tuple[int, ...], files: CaseFiles, wanted: tuple[int, ...]
) -> None:
    if found != wanted:
        first = next(iter(files.volumes.values()))
        raise InputError(
            f"{path}: {name} has {found[1]} x {found[0]} pixels, {first.name} has {wanted[1]} x "
            f"{wanted[0]}; bring all pictures of a case to one size and view"
        )


def _paths(files: CaseFiles) -> dict[str, Path]:
    return dict(files.volumes) | ({LABELS: files.labels} if files.labels else {})


# -- which files ---------------------------------------------------------------------------------


def _files(source: Source, task: Task, with_labels: bool) -> CaseFiles:
    if isinstance(source, CaseFiles):
        return source if with_labels else replace(source, labels=None)
    if isinstance(source, str | Path):
        return find_case(source, task, with_labels=with_labels)
    if isinstance(source, Mapping):
        roles = _named(source, task)
    else:
        paths = [Path(p) for p in source]
        if len(paths) == 1:
            return find_case(paths[0], task, with_labels=with_labels)
        for path in paths:
            require_role(path, task)
        roles, doubts, _ = assign([(name_to_judge(path, task), path) for path in paths], task)
        if doubts:
            raise InputError(next(iter(doubts.values())))
    labels = roles.pop(LABELS, None)
    if not roles:
        raise InputError(f"no modality was given: give at least one of {task.title_names}")
    name = common_name(list(roles.values()), task)
    return CaseFiles(name, roles, labels if with_labels else None)


def _named(source: Mapping[str, str | Path], task: Task) -> dict[str, Path]:
    """A user's mapping with the names as the task spells them, in task order."""
    spelled = {role.lower(): role for role in (*task.names, LABELS)}
    unknown = [key for key in source if key.lower() not in spelled]
    if unknown:
        raise InputError(
            f"unknown modality {', '.join(unknown)}: task {task.name!r} has {task.title_names}, "
            f"and {LABELS!r} for the label file"
        )
    given = {spelled[key.lower()]: Path(path) for key, path in source.items()}
    return {role: given[role] for role in spelled.values() if role in given}


def _read_all(files: CaseFiles) -> tuple[dict[str, Volume], Volume | None]:
    """All volumes in task order, and the labels, read side by side."""
    paths = [] if files.channel else list(files.volumes.values())
    paths += [files.labels] if files.labels else []
    with ThreadPoolExecutor(READERS) as pool:
        reading = pool.map(read_volume, paths)
        channels = _read_channels(files) if files.channel else {}
        read = list(reading)
    labels = read.pop() if files.labels else None
    return channels or dict(zip(files.volumes, read, strict=True)), labels


def _read_channels(files: CaseFiles) -> dict[str, Volume]:
    path = next(iter(files.volumes.values()))
    channel = files.channel or {}
    volumes = read_channels(path)
    if max(channel.values()) >= len(volumes):
        raise InputError(
            f"{path}: holds {len(volumes)} volumes, {max(channel.values()) + 1} were expected for "
            f"{', '.join(channel)}; put a dataset.json that lists its modalities beside it"
        )
    return {name: volumes[index] for name, index in channel.items()}


# -- onto one grid -------------------------------------------------------------------------------


def _distinct(volumes: Mapping[str, Volume]) -> list[str]:
    """Notices of the files, each once (the volumes of a 4D file share theirs)."""
    return list(dict.fromkeys(n for volume in volumes.values() for n in volume.notices))


def _fill(volume: Volume) -> float:
    value = background(volume.array)
    return volume.limits[0] if value is None else value


def _on_grid(
    volume: Volume, first: Volume, name: str, notices: list[str], *, order: int, fill: float
) -> Array:
    """The voxels of ``volume`` on the grid of ``first``; says in ``notices`` what it took."""
    grid, shown = first.grid, f"{name} ({volume.path.name})"
    if volume.grid.matches(grid):
        return volume.array
    if not volume.oriented:
        if volume.grid.file_shape != grid.file_shape:
            raise InputError(
                f"{volume.path}: {name} does not say how it lies in space, and its shape "
                f"{volume.grid.file_shape} is not that of {first.path.name} {grid.file_shape}; "
                "export it again with its position"
            )
        notices.append(f"{shown} has no position: taken voxel by voxel as {first.path.name}")
        return _like(volume, grid)
    covered = coverage(volume.grid, grid)
    if covered == 0:
        raise InputError(
            f"{volume.path}: {name} does not overlap with {first.path.name}: by their headers they "
            "lie at different places; register it to the other volumes or leave it out"
        )
    text = f"{shown} lies on another grid: resampled to that of {first.path.name}"
    if covered < COVERED:
        text += f", of which it covers {covered:.0%}"
    notices.append(text)
    return resample(volume.array, volume.grid, grid, order=order, fill=fill)


def _like(volume: Volume, grid: Grid) -> Array:
    """The voxels of a file without a position, in the orientation of a grid of the same shape."""
    return np.ascontiguousarray(grid.from_file(volume.grid.to_file(volume.array)))


def _task_labels(
    array: Array,
    path: Path,
    files: CaseFiles,
    task: Task,
    scheme: str | None,
    notices: list[str],
) -> npt.NDArray[np.uint8]:
    """Label map in the codes of the task."""
    hints = [path.name, path.resolve().parent.name, files.name]
    hints += [other.name for other in files.volumes.values()]
    labels, chosen = to_task_labels(array, task, str(path), hints, scheme)
    notices.append(f"labels read as {chosen.name}")
    return labels
