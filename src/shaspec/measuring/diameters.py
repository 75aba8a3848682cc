"""The largest diameter of a shape in a slice, and the largest one perpendicular to it.

A diameter connects two points of the outline, which runs halfway between the voxel centres inside
and outside (marching squares at one half): a row of n voxels is n voxel sizes long. It may cross
holes and notches, like a diameter drawn by hand on a ring-shaped lesion.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import scipy

from shaspec.evaluation.surfaces import Mask

Array = npt.NDArray[Any]
Point = tuple[float, float]

ROUNDING_MM = 1e-6
"""Lengths that differ by less are equal."""
LINES = 256
"""Lines that are measured at a time: each meets all edges, thousands of a jagged outline."""


@dataclass(frozen=True)
class Segment:
    """A straight line in a slice."""

    length: float
    """In mm; pictures: in pixels."""
    ends: tuple[Point, Point]
    """In voxels of the slice, (row, column)."""


@dataclass(frozen=True, eq=False)
class Outline:
    """The outline of a shape in one slice."""

    edges: Array
    """(n, 2, 2): both ends of each edge, in voxels (row, column)."""
    to_mm: Array
    """(2, 2): voxels -> mm in the plane of the slice; lengths and angles are those in space."""

    @property
    def _in_mm(self) -> Array:
        return np.asarray(self.edges @ self.to_mm.T)

    def longest(self) -> list[Segment]:
        """The largest diameter; several if they are equally long."""
        points = self.edges[:, 0]
        hull = scipy.spatial.ConvexHull(points @ self.to_mm.T).vertices
        corners = points[hull]
        apart = scipy.spatial.distance.pdist(corners @ self.to_mm.T)
        distances = scipy.spatial.distance.squareform(apart)
        pairs = np.argwhere(np.triu(distances >= distances.max() - ROUNDING_MM, 1))
        return [Segment(float(distances[i, j]), _ends(corners[i], corners[j])) for i, j in pairs]

    def perpendicular(self, to: Segment) -> Segment:
        """The largest diameter perpendicular to another one.

        The width of the outline on a line changes linearly between the corners of the outline, so
        the largest is on a line through a corner.
        """
        along = np.subtract(to.ends[1], to.ends[0]) @ self.to_mm.T
        along /= np.linalg.norm(along)
        across = np.array([-along[1], along[0]])
        edges = self._in_mm
        at, height = edges @ along, edges @ across  # (n, 2) each
        lines = np.unique(np.round(at[:, 0] / ROUNDING_MM)) * ROUNDING_MM
        parts = [_widths(lines[k : k + LINES], at, height) for k in range(0, len(lines), LINES)]
        bottom, top = (np.concatenate(side) for side in zip(*parts, strict=True))
        widest = int(np.argmax(top - bottom))
        back = np.linalg.inv(self.to_mm)
        ends = [back @ (lines[widest] * along + side[widest] * across) for side in (bottom, top)]
        return Segment(float(top[widest] - bottom[widest]), _ends(*ends))


def _widths(lines: Array, at: Array, height: Array) -> tuple[Array, Array]:
    """Lowest and highest place of an outline on lines.

    Args:
        lines: (k,) positions of the lines along an axis, mm.
        at: (n, 2) positions of both ends of every edge along that axis.
        height: (n, 2) those across it.

    Returns:
        (k,) and (k,) in mm across the axis.
    """
    low, high = at.min(axis=1) - ROUNDING_MM, at.max(axis=1) + ROUNDING_MM
    crossed = (low <= lines[:, None]) & (lines[:, None] <= high)
    step = at[:, 1] - at[:, 0]
    share = np.where(
        np.abs(step) > ROUNDING_MM, (lines[:, None] - at[:, 0]) / np.where(step, step, 1), 0.0
    ).clip(0, 1)
    where = height[:, 0] + share * (height[:, 1] - height[:, 0])
    top = np.where(crossed, where, -np.inf).max(axis=1)
    bottom = np.where(crossed, where, np.inf).min(axis=1)
    return bottom, top


def outline(shape: Mask, to_mm: Array) -> Outline:
    """The outline of a shape that is not empty.

    Args:
        shape: bool (rows, columns); voxels that share a corner are connected.
        to_mm: (2, 2) voxels -> mm in the plane of the slice.

    Returns:
        Its outline, holes included.
    """
    from skimage.measure import find_contours  # slow to import

    curves = find_contours(np.pad(shape, 1).astype(np.float64), 0.5, fully_connected="high")
    edges = [np.stack([curve[:-1], curve[1:]], axis=1) for curve in curves]
    return Outline(np.concatenate(edges) - 1.0, np.asarray(to_mm, np.float64))


def _ends(first: Array, second: Array) -> tuple[Point, Point]:
    a, b = sorted([(float(first[0]), float(first[1])), (float(second[0]), float(second[1]))])
    return a, b
