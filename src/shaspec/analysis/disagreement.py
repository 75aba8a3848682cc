"""Maps of disagreement between subsets: entropy, smallest subset, difference of two results.

All maps are on the grid of the predictions. They are accumulated one label map at a time, so that a
map needs a few bytes per voxel for any number of subsets.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from shaspec.errors import InputError
from shaspec.geometry import Grid
from shaspec.prediction import Prediction
from shaspec.task import Region, Task

Labels = npt.NDArray[np.uint8]

ONLY_HERE, ONLY_THERE, BOTH = 1, 2, 3
"""Values of a difference map."""


@dataclass(frozen=True, eq=False)
class SmallestSubset:
    """The smallest subset that finds a region, per voxel; 0 where no subset finds it."""

    size: Labels
    """Number of modalities of the subset."""
    number: Labels
    """Index of the subset in the list of predictions, from 1."""


@dataclass(frozen=True, eq=False)
class Difference:
    """Difference of two masks as a map, and the sizes of its parts."""

    map: Labels
    """`ONLY_HERE`, `ONLY_THERE`, `BOTH`, or 0."""
    sizes: dict[int, float]
    """Size of each part, in ``grid.unit`` (mL, pixels)."""


def entropy(
    predictions: Sequence[Prediction], region: str | None = None
) -> npt.NDArray[np.float32]:
    """Shannon entropy in bits of the results of all subsets, per voxel; each subset has one vote.

    With ``region``: of being inside the region (0: all agree, 1: evenly split). Without: of the
    label value, including background (at most log2 of the number of values).
    """
    _check(predictions)
    task = predictions[0].task
    if region is None:
        classes = [_table([0]), *(_table([label.value]) for label in task.labels)]
    else:
        inside = _table(_region(task, region).labels)
        classes = [inside, 1 - inside]
    share = np.arange(len(predictions) + 1) / len(predictions)
    terms = np.zeros_like(share)
    terms[1:] = -share[1:] * np.log2(share[1:])
    total = np.zeros(predictions[0].labels.shape, np.float32)
    for members in classes:
        total += terms.astype(np.float32)[_votes(predictions, members)]
    return np.maximum(total, 0.0)


def smallest_subset(predictions: Sequence[Prediction], region: str) -> SmallestSubset:
    """The smallest subset that finds ``region``, per voxel; the first of equal size."""
    _check(predictions)
    inside = _table(_region(predictions[0].task, region).labels)
    size = np.zeros(predictions[0].labels.shape, np.uint8)
    number = np.zeros_like(size)
    # From large to small and backwards: the smallest and first subset is written last.
    order = sorted(range(len(predictions)), key=lambda i: (-len(predictions[i].subset), -i))
    for i in order:
        mask = inside[predictions[i].labels].astype(bool)
        size[mask] = len(predictions[i].subset)
        number[mask] = i + 1
    return SmallestSubset(size, number)


def difference(here: Labels, there: Labels, task: Task, region: str, grid: Grid) -> Difference:
    """Voxels that only ``here``, only ``there``, or both assign to ``region``.

    ``here`` and ``there`` are label maps on ``grid``; either can be the ground truth. Raises
    `InputError` for different shapes.
    """
    if here.shape != there.shape:
        raise InputError(f"label maps of shapes {here.shape} and {there.shape} cannot be compared")
    inside = _table(_region(task, region).labels)
    both = inside[here] * np.uint8(ONLY_HERE) + inside[there] * np.uint8(ONLY_THERE)
    counts = np.bincount(both.ravel(), minlength=4)
    sizes = {part: int(counts[part]) * grid.voxel_size for part in (ONLY_HERE, ONLY_THERE, BOTH)}
    return Difference(both, sizes)


def _votes(predictions: Iterable[Prediction], members: Labels) -> npt.NDArray[Any]:
    """Number of label maps with a label of the class, per voxel."""
    first, *others = predictions
    count = members[first.labels]
    for prediction in others:
        count += members[prediction.labels]
    return count


def _table(values: Sequence[int]) -> Labels:
    """Lookup table: 1 for the label values, 0 for all others."""
    table = np.zeros(256, np.uint8)
    table[list(values)] = 1
    return table


def _region(task: Task, name: str) -> Region:
    for region in task.regions:
        if region.name == name:
            return region
    raise InputError(f"no region {name!r}: task {task.name!r} has {', '.join(task.region_names)}")


def _check(predictions: Sequence[Prediction]) -> None:
    """Raises `InputError` for different tasks or shapes; votes are counted in eight bits."""
    if not 0 < len(predictions) < 256:
        raise InputError(f"1 to 255 results can be compared, not {len(predictions)}")
    first = predictions[0]
    for other in predictions[1:]:
        if other.labels.shape != first.labels.shape or other.task != first.task:
            raise InputError(
                f"{other.name} of {other.case} and {first.name} of {first.case} cannot be "
                "compared: they are of different tasks or shapes"
            )
