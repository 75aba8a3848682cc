"""Ellipsoids and tubes in a deformed body, represented by their depth in mm in a box of voxels.

A depth is positive inside. It is exact near the surface only, which is sufficient for partial
volumes.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from shaspec.phantom.fields import Field, Lattice, noise
from shaspec.phantom.window import Window

Box = tuple[slice, slice, slice]
Floats = npt.NDArray[np.floating]

FAR = np.float32(-1e3)
"""Depth in mm far outside."""


@dataclass(frozen=True, eq=False)
class Solid:
    """``depth`` (*box) in mm in the voxels of ``box``; all other voxels are outside."""

    box: Box
    depth: Floats


@dataclass(frozen=True, eq=False)
class Place:
    """Anatomical positions of the voxels of a window, in mm of an average body.

    (0, 0, 0) is in the midline, in the middle of the trunk, at the level of the hilum of the liver;
    the axes are (S, P, L).
    """

    window: Window
    lattice: Lattice
    coarse: Field
    """Positions (3, *nodes) of the lattice points."""
    positions: Field
    """Positions (3, *shape) of the voxels."""

    @cached_property
    def whole(self) -> Box:
        """All voxels."""
        a, b, c = self.window.shape
        return slice(0, a), slice(0, b), slice(0, c)

    @cached_property
    def edge(self) -> float:
        """Width in mm of a surface: about a voxel."""
        return float(np.prod(self.window.voxel) ** (1 / 3))

    @cached_property
    def _ranges(self) -> list[tuple[Field, Field]]:
        """Smallest and largest position in every plane of voxels, per axis."""
        planes = [(1, 2), (0, 2), (0, 1)]
        return [
            (self.positions[k].min(axis=planes[k]), self.positions[k].max(axis=planes[k]))
            for k in range(3)
        ]

    def box(self, low: Floats, high: Floats) -> Box:
        """Box of the voxels that can be between ``low`` and ``high`` (3,) mm."""
        slices = []
        for k, (least, most) in enumerate(self._ranges):
            half = self.window.voxel[k] / 2
            hit = np.flatnonzero((most + half >= low[k]) & (least - half <= high[k]))
            slices.append(slice(int(hit[0]), int(hit[-1]) + 1) if hit.size else slice(0, 0))
        return slices[0], slices[1], slices[2]

    def at(self, box: Box) -> Field:
        """Positions (3, *box)."""
        return self.positions[(slice(None), *box)]

    def smooth(self, points: Floats) -> Field:
        """Values on the lattice (*nodes) -> on all voxels."""
        return self.lattice.upsample(points)

    def noise(self, rng: np.random.Generator, box: Box, scale: float) -> Field:
        """Gaussian field (*box), deviation 1, smooth over ``scale`` mm."""
        part = self.window.crop(box)
        return noise(rng, part.shape, part.voxel, scale)

    # -- solids ----------------------------------------------------------------------------

    def ellipsoid(
        self,
        centre: npt.ArrayLike,
        radii: npt.ArrayLike,
        turn: npt.NDArray[np.float64] | None = None,
        margin: float = 0.0,
    ) -> Solid:
        """An ellipsoid with half axes ``radii`` along (S, P, L), or along the rows of ``turn``.

        The box is ``margin`` mm larger than the ellipsoid, for surfaces around it.
        """
        middle, half = np.asarray(centre, np.float64), np.asarray(radii, np.float64)
        turn = np.eye(3) if turn is None else turn
        reach = np.sqrt(((turn * half[:, None]) ** 2).sum(axis=0)) + margin + self.edge
        box = self.box(middle - reach, middle + reach)
        away = self.at(box) - middle.astype(np.float32).reshape(3, 1, 1, 1)
        rows = np.tensordot((turn / half[:, None]).astype(np.float32), away, 1)
        r = np.sqrt((rows**2).sum(axis=0))
        # Along the ray from the centre; a sphere's depth is exact.
        distance = np.sqrt((away**2).sum(axis=0))
        return Solid(box, np.where(r > 1e-3, distance * (1 / np.maximum(r, 1e-3) - 1), half.min()))

    def tube(self, path: npt.ArrayLike, margin: float = 0.0) -> Solid:
        """A smooth tube through points (s, p, l, radius)."""
        points = _rounded(np.asarray(path, np.float64))
        return self.segments(points[:-1], points[1:], margin)

    def segments(self, starts: Floats, stops: Floats, margin: float = 0.0) -> Solid:
        """The union of straight segments from ``starts`` to ``stops`` (n, 4): s, p, l, radius."""
        reach = np.maximum(starts, stops)[:, 3:] + margin + self.edge
        lows = np.minimum(starts, stops)[:, :3] - reach
        highs = np.maximum(starts, stops)[:, :3] + reach
        box = self.box(lows.min(axis=0), highs.max(axis=0))
        depth = np.full([s.stop - s.start for s in box], FAR, np.float32)
        for a, b, low, high in zip(starts, stops, lows, highs, strict=True):
            part = self.box(low, high)
            inner = tuple(
                slice(p.start - w.start, p.stop - w.start) for p, w in zip(part, box, strict=True)
            )
            if depth[inner].size:
                np.maximum(depth[inner], _piece(self.at(part), a, b), out=depth[inner])
        return Solid(box, depth)

    def cover(self, depth: Floats) -> Field:
        """Fraction of every voxel (0 to 1) inside a surface, from ``depth`` in mm."""
        part = np.asarray(depth, np.float32) / np.float32(self.edge) + np.float32(0.5)
        return np.asarray(np.clip(part, 0, 1), np.float32)


def rotation(s: float = 0.0, p: float = 0.0, x: float = 0.0) -> npt.NDArray[np.float64]:
    """Rotation matrix (3, 3) by degrees about the S, P and L axes, in this order."""
    turn = np.eye(3)
    for axis, degrees in enumerate((s, p, x)):
        a, b = [k for k in range(3) if k != axis]
        angle, one = np.deg2rad(degrees), np.eye(3)
        one[a, a] = one[b, b] = np.cos(angle)
        one[a, b], one[b, a] = -np.sin(angle), np.sin(angle)
        turn = turn @ one
    return turn


def jitter(
    rng: np.random.Generator, path: npt.ArrayLike, mm: float, width: float = 0.1
) -> npt.NDArray[np.float64]:
    """A path (n, 4) with random shifts of about ``mm`` and relative radius changes of ``width``."""
    points = np.array(path, np.float64)
    points[:, :3] += rng.normal(0, mm, (len(points), 3)).clip(-2 * mm, 2 * mm)
    points[:, 3] *= np.exp(rng.normal(0, width))
    return points


def _rounded(points: npt.NDArray[np.float64], rounds: int = 3) -> npt.NDArray[np.float64]:
    """The path (n, 4) with corners smoothed by repeated corner cutting (Chaikin)."""
    for _ in range(rounds):
        near = 0.75 * points[:-1] + 0.25 * points[1:]
        far = 0.25 * points[:-1] + 0.75 * points[1:]
        cut = np.stack([near, far], axis=1).reshape(-1, points.shape[1])
        points = np.concatenate([points[:1], cut[1:-1], points[-1:]])
    return points


def _piece(positions: Field, a: Floats, b: Floats) -> Field:
    """Depth inside a straight segment whose radius changes linearly between its ends."""
    start, way = a[:3].astype(np.float32), (b - a)[:3].astype(np.float32)
    away = positions - start.reshape(3, 1, 1, 1)
    t = np.tensordot(way, away, 1) / np.float32(max(float(way @ way), 1e-6))
    t = np.clip(t, 0, 1)
    distance = np.zeros(t.shape, np.float32)
    for k in range(3):
        distance += (away[k] - t * way[k]) ** 2
    radius = np.float32(a[3]) + t * np.float32(b[3] - a[3])
    return np.asarray(radius - np.sqrt(distance))
