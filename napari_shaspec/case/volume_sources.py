"""The voxels of the assigned layers, and how they become a `Case`."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from napari_shaspec.layers.metadata import Place
from shaspec.case import Case
from shaspec.errors import InputError
from shaspec.geometry import Grid
from shaspec.io.cases import case_from_arrays
from shaspec.io.resample import coverage, resample
from shaspec.preprocessing import fill_value
from shaspec.task import Task

if TYPE_CHECKING:
    pass


@dataclass(frozen=True, eq=False)
class VolumeSource:
    """One volume as it was in its layer when the job was asked for; never the layer itself."""

    modality: str
    layer: str
    data: npt.NDArray[Any]
    """As the layer has it."""
    place: Place
    path: Path | None

    @property
    def array(self) -> npt.NDArray[Any]:
        """The voxels on ``grid``; a view."""
        return self.place.straight(self.data)

    @property
    def grid(self) -> Grid:
        """Where they lie."""
        return self.place.grid

    @property
    def volume(self) -> npt.NDArray[Any]:
        """The array as a `Case` has it: the channels of a colour image first, from 0 to 255."""
        if self.array.ndim == self.grid.dims:
            return self.array
        colours = np.moveaxis(self.array[..., :3], -1, 0)  # without the opacity
        # napari shows colours from 0 to 1 where they are no whole numbers.
        return colours * 255 if colours.dtype.kind == "f" else colours

    def same_as(self, other: VolumeSource) -> bool:
        """The very same voxels in the same place."""
        same = self.data is other.data and self.place.flipped == other.place.flipped
        return same and self.grid.matches(other.grid, 1e-6)


@dataclass(frozen=True, eq=False)
class VolumeSources:
    """What is needed to build a case away from the viewer, e.g. in a worker."""

    name: str
    task: Task
    parts: tuple[VolumeSource, ...]
    truth: VolumeSource | None = None
    """The true labels, in the codes of the task."""
    reference: str = ""
    """The modality whose grid is that of the case; empty: the first one."""

    @property
    def first(self) -> VolumeSource:
        """The volume that gives the grid."""
        return next((p for p in self.parts if p.modality == self.reference), self.parts[0])

    def same_as(self, other: VolumeSources | None) -> bool:
        """True if a session for ``other`` serves these parts as well."""
        return (
            other is not None
            and self.name == other.name
            and self.task == other.task
            and self.first.grid.matches(other.first.grid, 1e-6)
            and [p.modality for p in self.parts] == [p.modality for p in other.parts]
            and all(a.same_as(b) for a, b in zip(self.parts, other.parts, strict=True))
            and (self.truth is None) == (other.truth is None)
            and (self.truth is None or other.truth is None or self.truth.same_as(other.truth))
        )

    def case(self) -> Case:
        """The case; volumes on another grid than the first are resampled, and a notice says so,
        but for what is classified: its inputs need not lie in one place.

        Raises `InputError` for layers that do not overlap, are constant or hold NaN.
        """
        first = self.first
        volumes, notices = {}, []
        for part in self.parts:
            volumes[part.modality] = part.volume
            if self.task.kind == "segmentation" and not part.grid.matches(first.grid):
                fill = fill_value(part.array, self.task.modality(part.modality))
                volumes[part.modality] = _resampled(part, first, order=1, fill=fill)
                notices.append(
                    f"layer {part.layer!r} lies on another grid: "
                    f"resampled to that of {first.layer!r}"
                )
        labels = None
        if self.truth is not None:
            labels = self.truth.array
            if not self.truth.grid.matches(first.grid):
                labels = _resampled(self.truth, first, order=0, fill=0)
        case = case_from_arrays(volumes, self.task, labels=labels, name=self.name, grid=first.grid)
        files = {p.modality: p.path for p in self.parts if p.path is not None}
        return replace(case, files=files, notices=(*notices, *case.notices))


def _resampled(
    part: VolumeSource, first: VolumeSource, *, order: int, fill: float
) -> npt.NDArray[Any]:
    """``part`` on the grid of ``first``; refused where they are not of the same place."""
    if first.grid.dims == 2:
        raise InputError(
            f"layers {part.layer!r} and {first.layer!r} differ in size or place: pictures of one "
            "case show the same view in as many pixels"
        )
    if coverage(part.grid, first.grid) == 0:
        raise InputError(
            f"layers {part.layer!r} and {first.layer!r} do not lie in the same place: choose "
            "layers of one patient in the table, or register them first"
        )
    return resample(part.array, part.grid, first.grid, order=order, fill=fill)
