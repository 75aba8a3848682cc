"""The voxels of the assigned layers, and their conversion to a `Case`."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from napari_shaspec.layers.metadata import Place
from napari_shaspec.layers.voxels import Mark
from shaspec.case import Case, Reduce
from shaspec.errors import InputError
from shaspec.geometry import Grid
from shaspec.task import Task

if TYPE_CHECKING:
    from shaspec.io import Volume


@dataclass(frozen=True, eq=False)
class VolumeSource:
    """A snapshot of the volume of a layer when a job starts."""

    modality: str
    layer: str
    data: npt.NDArray[Any]
    """The data of the layer."""
    place: Place
    path: Path | None
    channel: int | None = None
    """In a 4D file: index along the fourth dimension."""
    bare: bool = False
    """Whether nothing is known about the voxel size: the layer of an array without a scale."""
    mark: Mark | None = None
    """Of the voxels at the time of the snapshot, since the layer may be changed in place."""

    @property
    def array(self) -> npt.NDArray[Any]:
        """The voxels on ``grid``; a view."""
        return self.place.straight(self.data)

    @property
    def grid(self) -> Grid:
        """The grid of the voxels."""
        return self.place.grid

    @property
    def volume(self) -> npt.NDArray[Any]:
        """The array in the format of `Case`: colour channels first, from 0 to 255."""
        if self.array.ndim == self.grid.dims:
            return self.array
        colours = np.moveaxis(self.array[..., :3], -1, 0)  # without alpha
        # napari shows colours of floating type from 0 to 1.
        return colours * 255 if colours.dtype.kind == "f" else colours

    def same_as(self, other: VolumeSource) -> bool:
        """Whether the voxels and their position are identical."""
        same = (
            self.data is other.data
            and self.mark == other.mark
            and self.place.flipped == other.place.flipped
        )
        return same and self.grid.matches(other.grid, 1e-6)


@dataclass(frozen=True, eq=False)
class VolumeSources:
    """Everything needed to build a case without the viewer, e.g. in a worker."""

    name: str
    task: Task
    parts: tuple[VolumeSource, ...]
    truth: VolumeSource | None = None
    """The true labels, in the codes of the task."""
    reference: str = ""
    """The modality whose grid is used for the case; empty: the first one."""
    truth_by_voxel: bool | None = None
    """For a truth in another position: True uses its voxel indices, False its position, None
    raises an error in doubtful cases."""

    notices: tuple[str, ...] = ()
    """About the choice of the layers, for the user; not about the case."""

    reduce: Reduce | None = None
    """See `Case.reduce`; None if the layers are not those of a case as it was read."""

    @property
    def first(self) -> VolumeSource:
        """The volume that defines the grid."""
        return next((p for p in self.parts if p.modality == self.reference), self.parts[0])

    def same_as(self, other: VolumeSources | None) -> bool:
        """Whether a session for ``other`` can be used for these volumes."""
        return (
            other is not None
            and self.name == other.name
            and self.task == other.task
            and self.first.grid.matches(other.first.grid, 1e-6)
            and [p.modality for p in self.parts] == [p.modality for p in other.parts]
            and all(a.same_as(b) for a, b in zip(self.parts, other.parts, strict=True))
            and (self.truth is None) == (other.truth is None)
            and (self.truth is None or other.truth is None or self.truth.same_as(other.truth))
            and self.truth_by_voxel == other.truth_by_voxel
            and self.reduce is other.reduce
        )

    def case(self) -> Case:
        """Make the case; volumes on another grid than the first are resampled, with a notice.

        Inputs of a classification are not resampled. Raises `InputError` for layers that do not
        overlap, are constant or contain NaN, and for a truth that would lose labelled voxels or
        that is a mask of the brain.
        """
        from shaspec.io import case_from_arrays
        from shaspec.io.findings import size_findings, stray, told
        from shaspec.io.resample import resample_scan

        first = self.first
        volumes, notices = {}, []
        for part in self.parts:
            volumes[part.modality] = part.volume
            if self.task.kind == "segmentation" and not part.grid.matches(first.grid):
                _require_overlap(part, first)
                modality = self.task.modality(part.modality)
                volumes[part.modality] = resample_scan(part.array, part.grid, first.grid, modality)
                notices.append(
                    f"layer {part.layer!r} has another grid: resampled to that of {first.layer!r}"
                )
        labels = self.labels(notices)
        case = case_from_arrays(volumes, self.task, labels=labels, name=self.name, grid=first.grid)
        if case.labels is not None and self.truth is not None and first.grid.dims == 3:
            layer = f"layer {self.truth.layer!r}"
            shifted = stray(case.labels, case.volumes, self.task, layer, first.grid.spacing)
            notices += told(shifted)
        if first.bare:
            notices += told(size_findings(case.volumes, case.grid, self.task))
        files = {p.modality: p.path for p in self.parts if p.path is not None}
        channels = {p.modality: p.channel for p in self.parts if p.channel is not None}
        return replace(
            case,
            files=files,
            channels=channels,
            reduce=self.reduce,
            notices=(*notices, *case.notices),
        )

    def labels(self, notices: list[str]) -> npt.NDArray[Any] | None:
        """The truth on the grid of the case, by the rule for files; appends to ``notices``.

        Raises `InputError` for a truth that would lose labelled voxels, `UndecidedError` if its
        position is doubtful.
        """
        from shaspec.io.gridding import truth_on_grid

        truth, first = self.truth, self.first
        if truth is None:
            return None
        if truth.grid.matches(first.grid):
            return truth.array
        if first.grid.dims == 2:
            raise _pictures_differ(truth, first)
        drawn = truth.grid.source_affine is None or first.grid.source_affine is None
        if self.truth_by_voxel and drawn and truth.array.shape == first.grid.shape:
            notices.append(f"the voxel indices of layer {truth.layer!r} were used")
            return truth.array
        others = [_volume(part) for part in self.parts]
        return truth_on_grid(_volume(truth), _volume(first), others, notices, self.truth_by_voxel)


def _volume(part: VolumeSource) -> Volume:
    """A layer in the form of a file for the engine; messages name the layer."""
    from shaspec.io import Volume

    return Volume(part.array, part.grid, Path(f"layer {part.layer!r}"))


def _pictures_differ(part: VolumeSource, first: VolumeSource) -> InputError:
    return InputError(
        f"layers {part.layer!r} and {first.layer!r} differ in size or position: pictures of "
        "one case need the same view and number of pixels"
    )


def _require_overlap(part: VolumeSource, first: VolumeSource) -> None:
    """Raise `InputError` unless the layers overlap."""
    from shaspec.io.resample import coverage

    if first.grid.dims == 2:
        raise _pictures_differ(part, first)
    if coverage(part.grid, first.grid) == 0:
        raise InputError(
            f"layers {part.layer!r} and {first.layer!r} do not overlap: choose "
            "layers of one patient in the table, or register them first"
        )
