"""A result on the reference grid of a prepared case, brought back to the grid of every input."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from shaspec.errors import InputError
from shaspec.geometry import Array, Grid
from shaspec.io.naming import LABEL
from shaspec.io.resample import resample
from shaspec.preparation.transforms import Transforms
from shaspec.task import Task
from shaspec.task_parts import BACKGROUND
from shaspec.thresholds import THRESHOLD


def to_inputs(labels: Array, grid: Grid, transforms: Transforms) -> Mapping[str, Array]:
    """A label map on the own grid of every input of a prepared case, by nearest neighbour.

    Args:
        labels: (S, P, L) label map of the prepared case.
        grid: the grid of ``labels``.
        transforms: of the prepared case.

    Returns:
        Modality -> label map on ``transforms.grids[modality]``, in the type of ``labels``; 0 where
        ``grid`` does not reach.

    Raises:
        InputError: if no scan of the prepared case lies on ``grid``: the labels are of another one.
    """
    return {name: to_input(labels, grid, transforms, name) for name in transforms.grids}


def to_input(labels: Array, grid: Grid, transforms: Transforms, modality: str) -> Array:
    """As `to_inputs`, for one modality.

    Args:
        labels: (S, P, L) label map of the prepared case.
        grid: the grid of ``labels``.
        transforms: of the prepared case.
        modality: of the input.

    Returns:
        The label map on ``transforms.grids[modality]``.

    Raises:
        InputError: if no scan of the prepared case lies on ``grid``.
    """
    _require_prepared(grid, transforms)
    return resample(
        labels, grid, transforms.grids[modality], order=0, fill=0,
        through=transforms.found[modality].transform.inverse.matrix,
    )  # fmt: skip


def probabilities_to_inputs(
    labels: Array, maps: Mapping[str, Array], grid: Grid, transforms: Transforms, task: Task
) -> Mapping[str, Array]:
    """A result on the own grid of every input, by its probabilities: surfaces stay smooth.

    Args:
        labels: (S, P, L) label map of the prepared case, made from ``maps``.
        maps: region, or ``label NAME`` for a network with mutually exclusive labels -> (S, P, L)
            probability; as from `shaspec.io.probability_maps.probability_files`.
        grid: the grid of both.
        transforms: of the prepared case.
        task: defines regions and labels.

    Returns:
        Modality -> label map on ``transforms.grids[modality]``.

    Raises:
        InputError: as `to_inputs`; if ``labels`` are not those of the probabilities, because they
            were edited or made with other thresholds.
    """
    _require_prepared(grid, transforms)
    if not np.array_equal(_labelled(maps, task), labels):
        raise InputError(
            "the labels are not those of their probabilities: they were edited or made with other "
            "thresholds; restore them without --probabilities"
        )
    restored = {}
    for name, own in transforms.grids.items():
        through = transforms.found[name].transform.inverse.matrix
        moved = {
            key: resample(
                values, grid, own, order=1, fill=float(key == f"{LABEL} {BACKGROUND}"),
                through=through,
            )
            for key, values in maps.items()
        }  # fmt: skip
        restored[name] = _labelled(moved, task)
    return restored


def _labelled(maps: Mapping[str, Array], task: Task) -> Array:
    """The label map of probabilities, see `shaspec.io.probability_maps`."""
    background = f"{LABEL} {BACKGROUND}"
    if background not in maps:
        return task.paint(np.stack([maps[name] > THRESHOLD for name in task.region_names]))
    stack = np.stack([maps[background], *(maps[f"{LABEL} {label.name}"] for label in task.labels)])
    values = np.array([0, *(label.value for label in task.labels)], np.uint8)
    return np.asarray(values[stack.argmax(axis=0)])


def _require_prepared(grid: Grid, transforms: Transforms) -> None:
    """Raise `InputError` if no scan of the prepared case lies on a grid."""
    prepared = [transforms.grids[transforms.reference]]
    prepared += [own for n, own in transforms.grids.items() if transforms.unmoved(n)]
    if not any(own.matches(grid) for own in prepared):
        raise InputError(
            "the label map lies on another grid than the prepared case: it belongs to another case "
            "or was resampled; segment the prepared case and restore that result"
        )
