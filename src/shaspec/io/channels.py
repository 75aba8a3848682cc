"""Cases stored as one 4D file, with modalities as channels, as in the Decathlon."""

from __future__ import annotations

from pathlib import Path

from shaspec.errors import InputError
from shaspec.files.reading import is_file
from shaspec.io.case_files import CaseFiles
from shaspec.io.description import DESCRIPTION, channel_order
from shaspec.io.naming import stem
from shaspec.io.volumes import read_header
from shaspec.task import Task


def holds_channels(folder: Path) -> bool:
    """Return whether ``folder`` is an image folder of a Decathlon data set."""
    return folder.name.startswith("imagesT") and is_file(folder.parent / DESCRIPTION)


def _too_many(path: Path, task: Task) -> tuple[str, ...]:
    """The problem of a file with more channels than modalities, such as a time series."""
    try:
        count = read_header(path).shape[3]
    except (InputError, IndexError):  # reported on reading
        return ()
    if count <= len(task.names):
        return ()
    said = (
        f"{path}: contains {count} volumes, but {task.title_names} are {len(task.names)}; if "
        "it is a case, add a dataset.json that lists its channels"
    )
    return (said,)


def channel_case(path: Path, task: Task, with_labels: bool) -> CaseFiles:
    """The case in a 4D file; channels as in ``dataset.json``, otherwise in task order."""
    notices: tuple[str, ...] = ()
    problems: tuple[str, ...] = ()
    order: list[str] | None = None
    description = next(
        (p for f in list(path.resolve().parents)[:2] if is_file(p := f / DESCRIPTION)), None
    )
    try:
        order = channel_order(description, task) if description else None
    except InputError as error:
        problems = (str(error),)
    if order is None:
        order = list(task.names)
        problems = problems or _too_many(path, task)
        notices = (f"{path.name}: channels were taken as {', '.join(order)} (no dataset.json)",)
    elif description:
        notices = (f"{path.name}: channels are {', '.join(order)} (by dataset.json)",)
    channel = {name: order.index(name) for name in task.names if name in order}
    labels = path.parent.with_name(path.parent.name.replace("images", "labels")) / path.name
    has_labels = with_labels and labels != path and is_file(labels)
    return CaseFiles(
        name=stem(path.name),
        volumes=dict.fromkeys(channel, path),
        labels=labels if has_labels else None,
        channel=channel,
        problems=problems,
        notices=notices,
    )
