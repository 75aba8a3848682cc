"""Which layer is which modality, and how layers become a `Case` again.

The user may have loaded them with this plugin, with another one, or from a script; a layer of ours
says what it is, any other one is recognised by its name.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from napari_shaspec.layers.metadata import Place, origin, place_of, transform_of
from shaspec.case import Case
from shaspec.errors import InputError
from shaspec.geometry import Grid
from shaspec.io import case_from_arrays
from shaspec.io.naming import recognise
from shaspec.io.resample import coverage, resample
from shaspec.preprocessing import background
from shaspec.task import Modality, Task

if TYPE_CHECKING:
    from napari.layers import Image, Labels, Layer

UNNAMED = "case"


def candidates(layers: Iterable[Layer], task: Task) -> list[Image]:
    """The layers that can be an input of the task: images of its dimension, in its channels."""
    from napari.layers import Image

    return [
        layer
        for layer in layers
        if isinstance(layer, Image)
        and layer.ndim == task.dims
        and channels_of(layer) in task.channels
        and not layer.multiscale
    ]


def channels_of(layer: Image) -> int:
    """Channels that a modality must have to be taken from this layer."""
    return 3 if layer.rgb else 1


def case_of(layer: Layer) -> str:
    """The name of the case that a layer belongs to; empty for a layer that is not ours."""
    return origin(layer).get("case", "")


def newest_case(layers: Iterable[Layer]) -> str:
    """The case whose image was added last; empty where no layer is ours."""
    ours = [case_of(la) for la in layers if origin(la).get("kind") == "modality"]
    return ours[-1] if ours else ""


def find_layers(layers: Iterable[Layer], task: Task, case: str) -> dict[str, Image | None]:
    """For each modality of the task its layer of ``case``, or else one that is named like it."""
    found: dict[str, Image | None] = dict.fromkeys(task.names)
    for layer in reversed(candidates(layers, task)):  # the top of the list first
        what = origin(layer)
        if what.get("case", "") not in ("", case):
            continue
        name = what.get("modality") or modality_of(layer.name, task)
        if name not in found or found[name] is not None:
            continue
        if channels_of(layer) == task.modality(name).channels:
            found[name] = layer
    return found


def truths(layers: Iterable[Layer], task: Task, case: str) -> list[Labels]:
    """The layers that can be the ground truth of ``case``, its own one first.

    Those of other cases cannot, nor what this plugin has computed.
    """
    from napari.layers import Labels

    found = [
        layer
        for layer in layers
        if isinstance(layer, Labels)
        and layer.ndim == task.dims
        and origin(layer).get("kind", "truth") == "truth"
        and case_of(layer) in ("", case)
    ]
    return sorted(found, key=lambda layer: case_of(layer) != case)


def modality_of(name: str, task: Task) -> str | None:
    """The modality that a layer or file name speaks of, if any."""
    match = recognise(name, task)
    return match.role if match and match.role in task.names else None


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

    def same_as(self, other: VolumeSources | None) -> bool:
        """True if a session for ``other`` serves these parts as well."""
        return (
            other is not None
            and self.name == other.name
            and self.task == other.task
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
        first = self.parts[0]
        volumes, notices = {}, []
        for part in self.parts:
            volumes[part.modality] = part.volume
            if self.task.kind == "segmentation" and not part.grid.matches(first.grid):
                volumes[part.modality] = _resampled(part, first)
                notices.append(
                    f"layer {part.layer!r} lies on another grid: "
                    f"resampled to that of {first.layer!r}"
                )
        labels = None
        if self.truth is not None:
            labels = self.truth.array
            if not self.truth.grid.matches(first.grid):
                labels = _resampled(self.truth, first, order=0)
        case = case_from_arrays(volumes, self.task, labels=labels, name=self.name, grid=first.grid)
        files = {p.modality: p.path for p in self.parts if p.path is not None}
        return replace(case, files=files, notices=tuple(notices))


def collect(
    sources: Mapping[str, Image | None], task: Task, truth: Labels | None = None
) -> VolumeSources:
    """The voxels of the assigned layers; raises `InputError` naming a layer that cannot be used."""
    used = {name: layer for name, layer in sources.items() if layer is not None}
    if not used:
        raise InputError(
            f"no layer is assigned: drop a folder with {task.title_names} on napari, or choose "
            "the layers in the table"
        )
    seen: dict[int, str] = {}
    for name, layer in used.items():
        if id(layer) in seen:
            raise InputError(
                f"layer {layer.name!r} is assigned to {seen[id(layer)]} and to {name}: "
                "choose another one, or none, in the table"
            )
        seen[id(layer)] = name
    names = [case_of(layer) for layer in used.values()]
    return VolumeSources(
        next((name for name in names if name), UNNAMED),
        task,
        tuple(_image(task.modality(name), layer) for name, layer in used.items()),
        None if truth is None else _part("truth", truth),
    )


def _image(modality: Modality, layer: Image) -> VolumeSource:
    if channels_of(layer) != modality.channels:
        wanted = "a colour" if modality.channels > 1 else "a grey"
        raise InputError(
            f"{modality.name} is {wanted} image, layer {layer.name!r} is not: choose another one, "
            "or none, in the table"
        )
    return _part(modality.name, layer)


def _part(name: str, layer: Image | Labels) -> VolumeSource:
    array = np.asarray(layer.data)
    place = place_of(array.shape[: layer.ndim], transform_of(layer))
    if place is None:
        raise InputError(
            f"layer {layer.name!r} is rotated or sheared, so its voxels are not where they "
            "seem: open its file with this plugin, which keeps the orientation"
        )
    return VolumeSource(name, layer.name, array, place, origin(layer).get("path"))


def _resampled(part: VolumeSource, first: VolumeSource, order: int = 1) -> npt.NDArray[Any]:
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
    fill = background(part.array)
    return resample(
        part.array,
        part.grid,
        first.grid,
        order=order,
        fill=float(part.array.min()) if fill is None else fill,
    )
