"""What a region may take over from its surroundings, and what it leaves behind.

The rule is the same for all operations. A region that grows takes background and the labels of the
regions that enclose it: growing ET takes NCR and ED, growing WT takes background only. It never
takes a label that lies in no enclosing region, e.g. another organ. A voxel that leaves a region
gets the nearest label of those, so a speck of ET inside the oedema becomes oedema, and one in
healthy tissue becomes background.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import scipy

from shaspec.evaluation.surfaces import Box, Mask, bounding_box
from shaspec.task import Task

Labels = npt.NDArray[np.uint8]

ROUNDING_MM = 1e-6
"""Differences of distances below this are rounding errors."""


@dataclass(frozen=True)
class Nested:
    """A region and the labels that it shares a border with in the hierarchy."""

    labels: tuple[int, ...]
    """The labels of the region."""
    paints: int
    """The label of a voxel that joins the region."""
    around: tuple[int, ...]
    """Labels that the region may take over, and that it may leave behind: those of the enclosing
    regions, the smallest region first, then background (0)."""

    def mask(self, labels: Labels) -> Mask:
        """Voxels of the region."""
        return np.isin(labels, self.labels)


def nested(task: Task, region: str) -> Nested:
    """The place of a region in the hierarchy of its task.

    Args:
        task: the task.
        region: name of one of its regions.

    Returns:
        Its labels and those of the enclosing regions.

    Raises:
        InputError: the task has no such region.
    """
    own = task.region(region)
    enclosing = sorted(
        (r for r in task.regions if set(r.labels) > set(own.labels)), key=lambda r: len(r.labels)
    )
    around = dict.fromkeys(
        value for r in enclosing for value in r.labels if value not in own.labels
    )
    return Nested(own.labels, own.paints, (*around, 0))


def with_mask(labels: Labels, region: Nested, wanted: Mask, spacing: Sequence[float]) -> Labels:
    """The label map in which a region covers other voxels.

    Args:
        labels: label map (*spatial).
        region: the region.
        wanted: bool (*spatial), the voxels that it is to cover; those with a label that the region
            may not take over are ignored.
        spacing: voxel size in mm, one per axis.

    Returns:
        A new label map (*spatial).
    """
    before = region.mask(labels)
    new = labels.copy()
    new[wanted & ~before & np.isin(labels, region.around)] = region.paints
    leaving = before & ~wanted
    if leaving.any():
        box = around(before, spacing, 0.0)
        new[box][leaving[box]] = _nearest_around(labels[box], region, spacing)[leaving[box]]
    return new


def around(mask: Mask, spacing: Sequence[float], margin_mm: float) -> Box:
    """The bounding box of a mask with a margin of at least one voxel, cut at the array."""
    return tuple(
        slice(max(0, side.start - more), min(size, side.stop + more))
        for side, size, step in zip(bounding_box(mask), mask.shape, spacing, strict=True)
        for more in [1 + int(np.ceil(margin_mm / step))]
    )


def _nearest_around(labels: Labels, region: Nested, spacing: Sequence[float]) -> Labels:
    """At each voxel the nearest label of ``region.around``; of equally near ones, the first.

    Distances are computed per label, because the index of the nearest voxel depends on the order
    of the axes where several are equally near.
    """
    nearest = np.zeros(labels.shape, np.uint8)
    least = np.full(labels.shape, np.inf)
    for value in region.around:
        there = labels == value
        if there.any():
            distance = scipy.ndimage.distance_transform_edt(~there, spacing)
            nearer = distance < least - ROUNDING_MM
            nearest[nearer], least[nearer] = value, distance[nearer]
    return nearest
