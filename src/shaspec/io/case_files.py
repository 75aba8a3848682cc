"""The files of one case, and which files a task reads."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from shaspec.errors import InputError
from shaspec.io.images import is_image
from shaspec.io.naming import LABELS, is_result
from shaspec.io.nifti import is_nifti
from shaspec.io.sound import is_sound
from shaspec.task import Task


@dataclass(frozen=True)
class CaseFiles:
    """The files of one case, in task order; an absent modality has no entry.

    ``channel`` is set for a case in one 4D file: modality -> index along the fourth dimension;
    every entry of ``volumes`` is then that file. ``problems`` keep the case from being read,
    ``notices`` do not.
    """

    name: str
    volumes: dict[str, Path]
    labels: Path | None = None
    channel: dict[str, int] | None = None
    problems: tuple[str, ...] = ()
    notices: tuple[str, ...] = ()


def from_roles(
    name: str, roles: dict[str, Path], notices: tuple[str, ...] = (), *, with_labels: bool
) -> CaseFiles:
    """A case from its files by role."""
    volumes = {role: path for role, path in roles.items() if role != LABELS}
    problems = () if volumes else (f"case {name} has no file of any modality",)
    labels = roles.get(LABELS) if with_labels else None
    return CaseFiles(name, volumes, labels, problems=problems, notices=notices)


def is_input(path: Path, task: Task) -> bool:
    """True if the name ends like a file that the task reads: NIfTI in 3D, a picture in 2D, or
    a sound for a modality that is one."""
    if task.dims == 3:
        return is_nifti(path)
    return is_image(path) or (is_sound(path) and hears(task))


def hears(task: Task) -> bool:
    """True if one of the modalities is sound."""
    return any(m.medium == "sound" for m in task.modalities)


def input_kind(task: Task) -> str:
    """What the task reads, for a sentence."""
    if task.dims == 3:
        return "NIfTI file (.nii, .nii.gz)"
    return "picture (.png, .jpg ...)" + (" or sound (.wav)" if hears(task) else "")


def entries(folder: Path, task: Task) -> list[Path]:
    """What is in a folder, sorted, but for hidden files and results of earlier runs."""
    try:
        inside = sorted(p for p in folder.iterdir() if not p.name.startswith("."))
        return [p for p in inside if not is_result(p.name, task) or p.is_dir()]
    except OSError as error:
        raise InputError(f"{folder}: cannot be read ({error.strerror})") from error
