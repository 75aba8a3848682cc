"""The scans that a prepared case was made from, found again: for another preparation of them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np

from shaspec.errors import InputError
from shaspec.geometry import Array
from shaspec.io.folders import CaseFiles
from shaspec.io.given_files import Source, files_of
from shaspec.io.volumes import Volume, read_header, read_volume
from shaspec.preparation.strip import MASK_FILE
from shaspec.preparation.transforms import Transforms, read_transforms
from shaspec.task import Task

ROUNDING = 1e-4
"""Tolerance relative to the largest intensity: a prepared scan may be stored in another type."""


def acquired_files(source: Source, folder: Path, task: Task) -> CaseFiles:
    """The files of the scans that a prepared case was made from.

    Args:
        source: where the scans may be, as for `shaspec.io.read_case`.
        folder: of the prepared case, with its ``transforms.json``.
        task: of the case.

    Returns:
        The files of the modalities of the prepared case, and of its labels if it has any.

    Raises:
        InputError: if a file cannot be read, a modality is missing, a scan has another grid than
            ``transforms.json`` says, or the brain of the reference has other intensities.
    """
    transforms = read_transforms(folder)
    files, prepared = (files_of(place, task, True) for place in (source, folder))
    missing = ", ".join(name for name in transforms.grids if name not in files.volumes)
    if missing:
        raise InputError(f"{_place(files)}: has no {missing}, of which {folder.name} was made")
    volumes = {name: files.volumes[name] for name in transforms.grids}
    for name, grid in transforms.grids.items():
        path = volumes[name]
        header = read_header(path)
        same = header.shape[:3] == grid.file_shape
        if not (same and np.allclose(header.affine, grid.affine, atol=1e-3)):
            raise InputError(f"{path}: another scan than the one that {folder.name} was made of")
    reference = read_volume(volumes[transforms.reference])
    if not _same_brain(reference, prepared, folder, transforms):
        raise InputError(
            f"{reference.path}: another scan than the one that {folder.name} was made of: its "
            "intensities differ"
        )
    labels = files.labels if prepared.labels else None
    return replace(files, volumes=volumes, labels=labels, masks={})


def _same_brain(
    reference: Volume, prepared: CaseFiles, folder: Path, transforms: Transforms
) -> bool:
    """Whether the reference, which is not moved, has the intensities of the prepared one."""
    there = prepared.volumes.get(transforms.reference)
    if there is None:
        return False
    now = read_volume(there).array
    if now.shape != reference.array.shape:
        return False
    brain = transforms.brain_mask
    inside: Array = np.ones(now.shape, np.bool_)
    if brain is not None and transforms.reference in brain.stripped:
        inside = read_volume(folder / MASK_FILE).array > 0
        if inside.shape != now.shape:
            return False
    bound = ROUNDING * max(abs(limit) for limit in reference.limits)
    return bool(np.allclose(now[inside], reference.array[inside], rtol=0, atol=bound))


def _place(files: CaseFiles) -> Path:
    return next(iter(files.volumes.values())).parent
