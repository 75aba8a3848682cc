"""The files of one case, and which files a task can read."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from shaspec.errors import InputError
from shaspec.files.reading import is_folder, reason
from shaspec.io.formats.table import TITLES, begins_as_named, header_files, is_volume
from shaspec.io.images import is_image
from shaspec.io.naming import LABELS, is_result
from shaspec.io.segmentation_nrrd import is_segmentation
from shaspec.io.sound import is_sound
from shaspec.task import Task

SYSTEM = ("__MACOSX", "@eaDir", "$RECYCLE.BIN", "System Volume Information", "lost+found")
"""Folders that macOS, network storage and file systems add; they repeat the names of files."""


@dataclass(frozen=True)
class CaseFiles:
    """The files of one case, in task order; an absent modality has no entry.

    ``channel`` is set for a case in one 4D file: modality -> index along the fourth dimension;
    every entry of ``volumes`` is then that file. ``masks`` is set for labels in several files:
    region or label -> mask; ``labels`` is then the first of them. ``problems`` prevent the case
    from being read, ``notices`` do not.
    """

    name: str
    volumes: dict[str, Path]
    labels: Path | None = None
    channel: dict[str, int] | None = None
    problems: tuple[str, ...] = ()
    notices: tuple[str, ...] = ()
    masks: Mapping[str, Path] = field(default_factory=dict)

    @property
    def label_files(self) -> tuple[Path, ...]:
        """Every file of the labels; empty without labels."""
        return tuple(self.masks.values()) or ((self.labels,) if self.labels else ())


def from_roles(
    name: str, roles: dict[str, Path], notices: tuple[str, ...] = (), *, with_labels: bool
) -> CaseFiles:
    """Make the files of a case from a mapping of roles."""
    volumes = {role: path for role, path in roles.items() if role != LABELS}
    problems = () if volumes else (f"case {name} has no file of any modality",)
    labels = roles.get(LABELS) if with_labels else None
    return CaseFiles(name, volumes, labels, problems=problems, notices=notices)


def is_input(path: Path, task: Task) -> bool:
    """Return whether the task can read a file.

    That is a volume or a segmentation of 3D Slicer in 3D, a picture in 2D, or a sound for a
    modality that is a sound. False if the first bytes contradict the file ending.
    """
    if task.dims == 3:
        truth = is_segmentation(path) and task.kind == "segmentation"
        return truth or (is_volume(path) and begins_as_named(path))
    return is_image(path) or (is_sound(path) and hears(task))


def input_files(paths: Iterable[Path], task: Task) -> list[Path]:
    """The files that the task can read, and links to missing ones, which fail when they are read.

    A modality whose file is not there is not a modality that was not acquired.
    """
    return [path for path in paths if not is_folder(path) and is_input(path, task)]


def hears(task: Task) -> bool:
    """Return whether one of the modalities is sound."""
    return any(m.medium == "sound" for m in task.modalities)


def input_kind(task: Task) -> str:
    """The kind of file that the task reads, for messages."""
    if task.dims == 3:
        return f"volume ({TITLES} file)"
    return "picture (.png, .jpg ...)" + (" or sound (.wav)" if hears(task) else "")


def entries(folder: Path, task: Task) -> list[Path]:
    """The entries of a folder, sorted, without hidden and system files and earlier results.

    A pair of ``.hdr`` and ``.img`` counts as one file, its header.
    """
    try:
        inside = sorted(folder.iterdir())
        visible = [p for p in inside if not p.name.startswith(".") and p.name not in SYSTEM]
        files = header_files(visible)
        return [p for p in files if not is_result(p.name, task) or is_folder(p)]
    except (OSError, ValueError) as error:
        raise InputError(f"{folder}: cannot be read ({reason(error)})") from error
