"""The label maps of a viewer that can be compared, what they are called, and their voxels."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from napari_shaspec.layers.metadata import LayerKind, Place, origin, place_of, transform_of
from shaspec.errors import InputError
from shaspec.task import Task

if TYPE_CHECKING:
    from napari.components import ViewerModel
    from napari.layers import Image, Labels

KINDS: tuple[LayerKind, ...] = ("result", "edited", "truth", "swept")
"""Kinds of label maps; a layer without a kind is of the user or of another plugin."""
RESULTS: tuple[LayerKind, ...] = ("result", "edited", "swept")


@dataclass(frozen=True, eq=False)
class Side:
    """One of the two label maps as it was when the comparison was asked for."""

    layer: Labels
    name: str
    case: str
    """Empty: the layer belongs to no case."""
    task: Task | None
    """None: the layer does not say what its values mean."""
    data: npt.NDArray[Any]
    """A copy: the layer may be edited during the job."""
    source: npt.NDArray[Any]
    """The array of the layer itself, to see that it was replaced."""
    place: Place

    @property
    def labels(self) -> npt.NDArray[Any]:
        """The voxels on the grid of ``place``; a view."""
        return self.place.straight(self.data)


def comparable(viewer: ViewerModel) -> tuple[Labels, ...]:
    """The label maps that can be compared, the top of the list first."""
    from napari.layers import Labels

    label_layers = [layer for layer in reversed(viewer.layers) if isinstance(layer, Labels)]
    return tuple(layer for layer in label_layers if origin(layer).get("kind") in (None, *KINDS))


def proposed_pair(layers: Sequence[Labels]) -> tuple[Labels | None, Labels | None]:
    """The two label maps that are worth comparing first.

    Two results of one case; else two label maps of one case, such as its truth and a result; else
    any two. The oldest comes first, so that a change is that from the truth to the result.

    Args:
        layers: as from `comparable`, the newest first.
    """
    results = [layer for layer in layers if origin(layer).get("kind") in RESULTS]
    for group in (results, layers):
        for newest in group:
            alike = [la for la in group if origin(la).get("case") == origin(newest).get("case")]
            if len(alike) > 1:
                return alike[-1], newest
    return (layers[-1] if layers else None), (layers[0] if len(layers) > 1 else None)


def images_of(viewer: ViewerModel) -> tuple[Image, ...]:
    """The scans of a viewer, the top of the list first: they can be looked at, not compared."""
    from napari.layers import Image

    image_layers = [layer for layer in reversed(viewer.layers) if isinstance(layer, Image)]
    return tuple(layer for layer in image_layers if origin(layer).get("kind") in (None, "modality"))


def names_of(layers: Sequence[Labels | Image]) -> dict[int, str]:
    """``id`` of a layer -> its name with the model, and with the case if there are several."""
    cases = {case for layer in layers if (case := origin(layer).get("case"))}
    names = {}
    for layer in layers:
        facts = origin(layer)
        model = facts.get("provenance", {}).get("model", "")
        case = facts.get("case", "") if len(cases) > 1 else ""
        parts = [part for part in (model, case) if part and part not in layer.name.split(" · ")]
        names[id(layer)] = " · ".join([layer.name, *parts])
    return names


def side_of(layer: Labels, name: str) -> Side:
    """A layer with a copy of its voxels; raises `InputError` for a rotated layer."""
    place = place_of(layer.data.shape, transform_of(layer))
    if place is None:
        raise InputError(
            f"layer {layer.name!r} is rotated or sheared: reset its transform, then compare"
        )
    facts = origin(layer)
    data = np.array(layer.data)
    return Side(
        layer, name, facts.get("case", ""), facts.get("definition"), data, layer.data, place
    )


def task_of(first: Side, second: Side) -> Task:
    """The task of both; a layer that names none is read in the codes of the other one.

    Raises:
        InputError: for label maps of different tasks, on different grids, or of no task.
    """
    tasks = [side.task for side in (first, second) if side.task is not None]
    if not tasks:
        raise InputError(
            f"neither {first.name!r} nor {second.name!r} says what its labels mean: choose a "
            "result or a ground truth as one of them"
        )
    if any((task.labels, task.regions) != (tasks[0].labels, tasks[0].regions) for task in tasks):
        raise InputError(
            f"{first.name!r} and {second.name!r} have different labels ({tasks[0].title}; "
            f"{tasks[-1].title}): choose two results of one task"
        )
    if not first.place.grid.matches(second.place.grid):
        raise InputError(
            f"{first.name!r} and {second.name!r} lie on different grids. Segment both on one grid. "
            "For the volumes of two dates of a patient, use the panel Two dates"
        )
    return tasks[0]
