"""The operations: each takes a label map, a task and the name of a region, and is pure.

Distances are in millimetres between voxel centres, with the voxel size along each axis; for
pictures they are in pixels. The edge of the volume is not a surface: a tumour that the field of
view cuts off is not eroded there.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
import scipy

from shaspec.editing.nesting import ROUNDING_MM, Labels, around, nested, with_mask
from shaspec.errors import InputError
from shaspec.evaluation.lesions import components
from shaspec.evaluation.surfaces import Mask
from shaspec.geometry import Grid
from shaspec.task import Task

Kind = Literal["fill holes", "keep largest", "remove islands", "smooth", "grow", "shrink"]

AMOUNTS: dict[Kind, tuple[str, float]] = {
    "remove islands": ("mL", 0.1),
    "smooth": ("mm", 1.0),
    "grow": ("mm", 1.0),
    "shrink": ("mm", 1.0),
}
"""The operations with a number: its unit for volumes (pictures: px), and a usual value."""

TAILS = 4.0
"""Standard deviations at which a Gaussian is cut off."""


@dataclass(frozen=True)
class Operation:
    """One operation on one region.

    Raises:
        InputError: an unknown operation, or a number that is negative or not finite.
    """

    kind: Kind
    """What is done."""
    region: str
    """Name of the region."""
    amount: float = 0.0
    """Its number, see `AMOUNTS`; ignored by operations without one."""

    def __post_init__(self) -> None:
        if self.kind not in get_args(Kind):
            raise InputError(f"unknown operation {self.kind!r}: use {', '.join(get_args(Kind))}")
        if not (math.isfinite(self.amount) and self.amount >= 0):
            raise InputError(f"{self.kind}: {self.amount} is not a size; give a number from 0 on")

    def text(self, unit: str = "") -> str:
        """The operation for messages and provenance, e.g. ``grow WT 2 mm``.

        Args:
            unit: that of the number; default: as for volumes.

        Returns:
            One line.
        """
        if self.kind not in AMOUNTS:
            return f"{self.kind} {self.region}"
        return f"{self.kind} {self.region} {self.amount:g} {unit or AMOUNTS[self.kind][0]}"


def apply(labels: Labels, operation: Operation, task: Task, grid: Grid) -> Labels:
    """Apply an operation to a label map.

    Args:
        labels: uint8 label map (*spatial) on ``grid``, in the codes of ``task``.
        operation: what to do.
        task: the task.
        grid: the grid of the labels.

    Returns:
        A new label map (*spatial).

    Raises:
        InputError: the task has no such region.
    """
    kind, region, amount = operation.kind, operation.region, operation.amount
    if kind == "fill holes":
        return fill_holes(labels, task, region)
    if kind == "keep largest":
        return keep_largest(labels, task, region, grid)
    changed = {"remove islands": remove_islands, "smooth": smooth, "grow": grow, "shrink": shrink}
    return changed[kind](labels, task, region, grid, amount)


def fill_holes(labels: Labels, task: Task, region: str) -> Labels:
    """Fill background that is enclosed by a region.

    Other labels inside the region stay: necrosis inside the enhancing ring is not a hole.

    Args:
        labels: uint8 label map (*spatial).
        task: the task.
        region: name of the region.

    Returns:
        A new label map; the holes have the label that the region paints.

    Raises:
        InputError: the task has no such region.
    """
    nesting = nested(task, region)
    mask = nesting.mask(labels)
    new = labels.copy()
    if mask.any():
        box = around(mask, (1.0,) * labels.ndim, 0.0)
        new[box][scipy.ndimage.binary_fill_holes(mask[box]) & (labels[box] == 0)] = nesting.paints
    return new


def keep_largest(labels: Labels, task: Task, region: str, grid: Grid) -> Labels:
    """Keep the largest connected part of a region; of equally large ones, all.

    Voxels that share a face, an edge or a corner are connected. A voxel that is removed gets the
    nearest label around the region.

    Args:
        labels: uint8 label map (*spatial).
        task: the task.
        region: name of the region.
        grid: the grid of the labels.

    Returns:
        A new label map.

    Raises:
        InputError: the task has no such region.
    """
    return _keep(labels, task, region, grid, None)


def remove_islands(labels: Labels, task: Task, region: str, grid: Grid, size: float) -> Labels:
    """Remove the connected parts of a region that are smaller than a size.

    Parts and removed voxels are as in `keep_largest`.

    Args:
        labels: uint8 label map (*spatial).
        task: the task.
        region: name of the region.
        grid: the grid of the labels.
        size: in millilitres; pictures: in pixels.

    Returns:
        A new label map.

    Raises:
        InputError: the task has no such region.
    """
    return _keep(labels, task, region, grid, size / grid.voxel_size)


def smooth(labels: Labels, task: Task, region: str, grid: Grid, width: float) -> Labels:
    """Smooth the surface of a region with a Gaussian.

    A voxel belongs to the region where the blurred mask exceeds one half. Parts thinner than about
    twice the width vanish.

    Args:
        labels: uint8 label map (*spatial).
        task: the task.
        region: name of the region.
        grid: the grid of the labels.
        width: standard deviation in mm; pictures: in pixels. 0 changes nothing.

    Returns:
        A new label map.

    Raises:
        InputError: the task has no such region.
    """

    def exceeds_half(mask: Mask) -> Mask:
        sigma = [width / step for step in grid.spacing]
        blurred = scipy.ndimage.gaussian_filter(mask.astype(np.float64), sigma, mode="nearest")
        return np.asarray(blurred > 0.5 - ROUNDING_MM)

    return _reshape(labels, task, region, grid, TAILS * width, exceeds_half if width else np.copy)


def grow(labels: Labels, task: Task, region: str, grid: Grid, distance: float) -> Labels:
    """Add the voxels within a distance of a region.

    Args:
        labels: uint8 label map (*spatial).
        task: the task.
        region: name of the region.
        grid: the grid of the labels.
        distance: in mm; pictures: in pixels. Below the voxel size along an axis, nothing is added
            along that axis.

    Returns:
        A new label map.

    Raises:
        InputError: the task has no such region.
    """

    def near(mask: Mask) -> Mask:
        away = scipy.ndimage.distance_transform_edt(~mask, grid.spacing)
        return np.asarray(away <= distance + ROUNDING_MM)

    return _reshape(labels, task, region, grid, distance, near)


def shrink(labels: Labels, task: Task, region: str, grid: Grid, distance: float) -> Labels:
    """Remove the voxels of a region within a distance of its surroundings.

    A voxel that is removed gets the nearest label around the region.

    Args:
        labels: uint8 label map (*spatial).
        task: the task.
        region: name of the region.
        grid: the grid of the labels.
        distance: in mm; pictures: in pixels. Below the voxel size along an axis, nothing is removed
            along that axis.

    Returns:
        A new label map.

    Raises:
        InputError: the task has no such region.
    """

    def deep(mask: Mask) -> Mask:
        if mask.all():  # no surroundings, so no surface
            return mask
        inside = scipy.ndimage.distance_transform_edt(mask, grid.spacing)
        return np.asarray(inside > distance + ROUNDING_MM)

    return _reshape(labels, task, region, grid, 0.0, deep)


def _reshape(
    labels: Labels,
    task: Task,
    region: str,
    grid: Grid,
    margin_mm: float,
    change: Callable[[Mask], Mask],
) -> Labels:
    """The label map with another mask of a region.

    ``change`` maps the mask to the new one, both in the box around the region with a margin.
    """
    nesting = nested(task, region)
    mask = nesting.mask(labels)
    reshaped = mask.copy()
    if mask.any():
        box = around(mask, grid.spacing, margin_mm)
        reshaped[box] = change(mask[box])
    return with_mask(labels, nesting, reshaped, grid.spacing)


def _keep(labels: Labels, task: Task, region: str, grid: Grid, voxels: float | None) -> Labels:
    """Keeps the parts of a region with at least so many voxels; None: the largest parts."""
    nesting = nested(task, region)
    mask = nesting.mask(labels)
    parts, boxes = components(mask)
    if not boxes:
        return labels.copy()
    sizes = np.bincount(parts.ravel())
    least = sizes[1:].max() if voxels is None else voxels * (1 - 1e-9)
    large = sizes >= least
    large[0] = False
    return with_mask(labels, nesting, large[parts], grid.spacing)
