"""Collect the voxels of a case with its truth, which may have another grid than the scans.

The rule is that for files (`shaspec.io.gridding.truth_on_grid`). In doubtful cases the user is
asked, and the answer is stored with the layer.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from napari_shaspec.assign import question
from napari_shaspec.case.assignment import collect
from napari_shaspec.case.volume_sources import VolumeSources
from shaspec.errors import UndecidedError
from shaspec.task import Task

if TYPE_CHECKING:
    from napari.layers import Image, Labels

BY_VOXEL = "shaspec_by_voxel"
"""Metadata key of a layer: whether its voxel indices are used regardless of its position."""


def collect_with_truth(
    sources: Mapping[str, Image | None], task: Task, truth: Labels | None
) -> VolumeSources:
    """The voxels of the layers, as in `collect`, and those of the truth.

    Raises `InputError` if the truth cannot be used, or the user decides not to use it.
    """
    parts = collect(sources, task, truth=truth)
    if truth is None:
        return parts
    parts = replace(parts, truth_by_voxel=truth.metadata.get(BY_VOXEL))
    try:
        parts.labels([])
    except UndecidedError as error:
        answers = error.option == "labels_by_voxel" and parts.truth_by_voxel is None
        answer = question.ask_option(error) if answers and question.can_ask() else None
        if answer is None:
            raise
        truth.metadata[BY_VOXEL] = answer
        return collect_with_truth(sources, task, truth)
    return parts
