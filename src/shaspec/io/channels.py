"""Cases stored as one 4D file, with modalities as channels, as in the Decathlon."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from shaspec.errors import InputError
from shaspec.files.reading import is_file, is_file_or_link, resolved
from shaspec.io.case_files import CaseFiles
from shaspec.io.description import DESCRIPTION, channel_order
from shaspec.io.naming import LABELS, is_silent, read_name, stem
from shaspec.io.volumes import read_header
from shaspec.task import Task


@dataclass(frozen=True)
class _Order:
    """The channels of a file in their order, how that was found, and why it cannot be used."""

    names: Sequence[str]
    source: str
    problem: str = ""


def holds_channels(folder: Path) -> bool:
    """Return whether ``folder`` is an image folder of a Decathlon data set."""
    return folder.name.startswith("imagesT") and is_file(folder.parent / DESCRIPTION)


def channel_count(path: Path) -> int:
    """The number of volumes in a file; 0 if it cannot be read, which is reported on reading."""
    try:
        return read_header(path).shape[3]
    except InputError:
        return 0
    except IndexError:
        return 1


def channel_case(
    path: Path, task: Task, with_labels: bool, labels: Path | None = None
) -> CaseFiles:
    """The case in a 4D file.

    The order of the channels is that of a ``dataset.json``, or that of the modalities in the name
    of the file, e.g. ``T1_T1ce_T2_FLAIR``, or that of the task. A file whose name says something
    else, and a number of channels that does not fit, are problems.

    Args:
        path: the file.
        task: defines the modalities.
        with_labels: whether the label file is included.
        labels: the label file; default: the file of that name in the folder ``labels...`` beside
            the folder ``images...`` of ``path``.
    """
    order = _order(path, task)
    channel = {name: order.names.index(name) for name in task.names if name in order.names}
    beside = path.parent.with_name(path.parent.name.replace("images", "labels")) / path.name
    labels = labels or (beside if beside != path and is_file_or_link(beside) else None)
    return CaseFiles(
        name=stem(path.name),
        volumes=dict.fromkeys(channel, path),
        labels=labels if with_labels else None,
        channel=channel,
        problems=(order.problem,) if order.problem else (),
        notices=(f"{path.name}: channels {order.source}",),
    )


def channel_cases(files: Sequence[Path], task: Task, with_labels: bool) -> list[CaseFiles]:
    """A case for each of several 4D files in one folder; empty for other files.

    The label file of ``a.nii.gz`` is called, for example, ``a_seg.nii.gz``.
    """
    read = {path: read_name(path.name, task) for path in files}
    truths = [p for p, reading in read.items() if reading.match and reading.match.role == LABELS]
    scans = [path for path in files if path not in truths]
    if task.dims != 3 or len(scans) < 2 or not all(is_silent(read[path]) for path in scans):
        return []
    unread = []
    for path in scans:
        count = channel_count(path)
        if count == 1:
            return []
        unread += [path] * (count == 0)  # reported when it is read; it ends no other case
    if len(unread) == len(scans):
        return []
    own = {path: [t for t in truths if _begins(t.name, stem(path.name))] for path in scans}
    return [
        channel_case(path, task, with_labels, own[path][0] if len(own[path]) == 1 else None)
        for path in scans
    ]


def _begins(name: str, case: str) -> bool:
    """Return whether a name begins with that of a case, up to a separator."""
    return name.startswith(case) and not name[len(case) :][:1].isalnum()


def _order(path: Path, task: Task) -> _Order:
    """The order of the channels of a file."""
    count = channel_count(path)
    description = next(
        (p for f in list(resolved(path).parents)[:2] if is_file(p := f / DESCRIPTION)), None
    )
    if description is not None:
        return _described(path, description, count, task)
    reading = read_name(path.name, task)
    named = reading.candidates
    if count > 1 and count == len(named) and LABELS not in named:
        return _Order(named, f"were taken as {', '.join(named)}, the order in its name")
    source = f"were taken as {', '.join(task.names)} (no {DESCRIPTION})"
    described = reading.match.role if reading.match else " ".join(reading.evidence)
    if count > 1 and described not in ("", LABELS):
        problem = (
            f"{path}: contains {count} volumes, but its name says {described!r}; save the right "
            f"volume as a separate file, or add a {DESCRIPTION} that lists the channels"
        )
    elif count not in (0, len(task.names)):
        problem = (
            f"{path}: contains {count} volumes, but {task.title_names} are {len(task.names)}; if "
            "it is a case, add a dataset.json that lists its channels"
        )
    else:
        problem = ""
    return _Order(task.names, source, problem)


def _described(path: Path, description: Path, count: int, task: Task) -> _Order:
    """The order in a ``dataset.json``, whose list must be as long as the file has channels."""
    try:
        names = channel_order(description, task)
    except InputError as error:
        return _Order(task.names, f"were taken as {', '.join(task.names)}", str(error))
    source = f"are {', '.join(names)} (by {DESCRIPTION})"
    if count in (0, len(names)):
        return _Order(names, source)
    problem = (
        f"{path}: contains {count} volumes, but {description} lists {len(names)} channels "
        f"({', '.join(names)}); correct the list"
    )
    return _Order(names, source, problem)
