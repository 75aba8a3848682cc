"""Read the volumes of one case as stored, without those that are empty."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path

from shaspec.errors import InputError
from shaspec.io.folders import CaseFiles
from shaspec.io.measured import measured
from shaspec.io.region_masks import read_masks
from shaspec.io.truth_file import read_truth
from shaspec.io.volumes import Volume, read_channels, read_volume
from shaspec.task import Subset, Task

READERS = 4  # threads; decompression releases the GIL


@dataclass(frozen=True, eq=False)
class Read:
    """The content of the files of a case, each volume on its own grid."""

    volumes: Mapping[str, Volume]
    """In task order, without empty volumes."""
    labels: Volume | None
    notices: tuple[str, ...]
    label_notices: tuple[str, ...] = ()
    """How the labels were read."""


def chosen(files: CaseFiles, task: Task, present: Collection[str] | None) -> CaseFiles:
    """``files`` as if only ``present`` were acquired; None: all present files.

    Raises `InputError` for a modality without a file.
    """
    if present is None:
        return files
    subset = task.subset(present)
    require(files.name, subset, files.volumes)
    channel = files.channel and {name: files.channel[name] for name in subset}
    volumes = {name: files.volumes[name] for name in subset}
    return replace(files, volumes=volumes, channel=channel)


def require(case: str, subset: Subset, there: Collection[str], why: str = "") -> None:
    """Raise `InputError` if a modality requested with ``--present`` is missing."""
    absent = [name for name in subset if name not in there]
    if absent:
        raise InputError(
            f"case {case} has no {', '.join(absent)}, which --present requests"
            f"{f' ({why})' if why else ''}; it has {', '.join(there) or 'nothing'}"
        )


def read_volumes(files: CaseFiles, task: Task) -> Read:
    """Read all files; NaN and invalid values become background, empty volumes are omitted.

    Raises `InputError` naming a file that cannot be read.
    """
    volumes, labels = _read_all(files, task)
    told = list(dict.fromkeys(n for volume in volumes.values() for n in volume.notices))
    there: dict[str, Volume] = {}
    for name, volume in volumes.items():
        checked = measured(volume.array, task.modality(name), volume.nan, volume.limits)
        shown = f"{name} ({volume.path.name})"
        if checked.absent:
            told.append(f"{shown} is empty ({checked.absent}) and counts as missing")
            continue
        told += [f"{shown}: {checked.notice}"] * bool(checked.notice)
        if checked.array is not volume.array:
            limits = float(checked.array.min()), float(checked.array.max())
            volume = replace(volume, array=checked.array, limits=limits)
        there[name] = volume
    if not there:
        raise InputError(
            f"{next(iter(files.volumes.values()))}: no modality of case {files.name} contains an "
            f"image: {'; '.join(told)}; export the files again"
        )
    if labels is not None:
        told += labels.notices
        if labels.nan is not None:
            told.append(f"labels ({labels.path.name}) contain NaN, which was read as background")
    return Read(there, labels, tuple(told))


def _read_all(files: CaseFiles, task: Task) -> tuple[dict[str, Volume], Volume | None]:
    """All volumes in task order, and the labels, read in parallel."""
    paths = [] if files.channel else list(files.volumes.values())
    with ThreadPoolExecutor(READERS) as pool:
        reading = pool.map(read_volume, paths)
        truth: Future[Volume] | None = None
        if files.labels and files.masks:
            truth = pool.submit(read_masks, files.masks, task)
        elif files.labels:
            truth = pool.submit(read_truth, files.labels)
        channels = _read_channels(files) if files.channel else {}
        read = list(reading)
        labels = truth.result() if truth is not None else None
    return channels or dict(zip(files.volumes, read, strict=True)), labels


def _read_channels(files: CaseFiles) -> dict[str, Volume]:
    path: Path = next(iter(files.volumes.values()))
    channel = files.channel or {}
    volumes = read_channels(path)
    if max(channel.values()) >= len(volumes):
        raise InputError(
            f"{path}: contains {len(volumes)} volumes, {max(channel.values()) + 1} were expected "
            f"for {', '.join(channel)}; add a dataset.json that lists its modalities"
        )
    return {name: volumes[index] for name, index in channel.items()}
