"""The liver with its veins and gall bladder."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from shaspec.phantom.fields import Field
from shaspec.phantom.painting import Painting
from shaspec.phantom.solids import FAR, Box, Place, Solid, jitter, rotation
from shaspec.phantom.trunk import Trunk

LIVER, TUMOUR = 1, 2  # labels
TWIG, WIDEST = 1.1, 5.2  # radii of veins, mm
LEAST = np.array([-115.0, -105.0, -160.0])
MOST = np.array([115.0, 100.0, 110.0])
"""Bounds of all livers (mm)."""

PORTAL = [(-8, -14, -8, 6.5), (6, -8, -24, 6.8), (16, 0, -42, 6.2)]
PORTAL_ROOTS = [
    [(16, 0, -42, 5.2), (22, 8, -66, 4.6), (14, 18, -88, 3.6)],
    [(12, -4, -34, 4.8), (26, -18, -18, 4.2), (34, -38, 4, 3.8), (30, -52, 8, 3.2)],
]
HEPATIC_ROOTS = [
    [(74, 6, -32, 5.6), (62, 14, -64, 4.8), (44, 26, -92, 3.8)],
    [(74, 0, -30, 5.2), (60, -22, -46, 4.4), (34, -40, -56, 3.4)],
    [(76, -2, -20, 5.0), (64, -30, 2, 4.2), (52, -48, 32, 3.2)],
]


@dataclass(frozen=True, eq=False)
class Liver:
    """A box of voxels with the depth in mm below the surface, and the current labels."""

    box: Box
    depth: Field
    labels: npt.NDArray[np.uint8]

    @property
    def mask(self) -> npt.NDArray[np.bool_]:
        """Voxels (*box) of liver, including vessels, that no lesion covers."""
        return np.asarray(self.labels == LIVER)


def paint_liver(rng: np.random.Generator, painting: Painting, trunk: Trunk, bumpy: bool) -> Liver:
    """Paints the liver with a random volume, and its gall bladder and fissure.

    ``bumpy``: with the irregular surface of a cirrhosis.
    """
    place = painting.place
    box = place.box(LEAST, MOST)
    shape = _shape(rng, place, box, bumpy)
    # The abdominal wall and the diaphragm limit the outer surface.
    room = np.minimum(trunk.cavity[box] - 3, trunk.below[box] - 4)
    voxels = float(np.clip(rng.normal(1750, 280), 1100, 2400)) / place.window.voxel_ml
    depth = np.minimum(shape - _level(np.where(room > 0, shape, -99), voxels), room)
    grain = (6.0, 5.0) if bumpy else (3.0, 7.0)
    painting.paint(Solid(box, depth), "liver", label=LIVER, texture=grain)
    s, p, x = place.at(box)
    gap = 1.7 - np.abs(x - 9 - 0.12 * (s - 20) - 3 * np.sin(s / 17))
    gap = np.minimum(gap, np.minimum(-30 - p, 34 - s))
    painting.paint(Solid(box, np.minimum(gap, depth + 2)), "visceral fat")
    centre = np.array([-34.0, -42, -50]) + rng.normal(0, 4, 3)
    turn = rotation(p=20 + rng.normal(0, 6), x=-25 + rng.normal(0, 6))
    bladder = place.ellipsoid(centre, np.array([32, 15, 15]) * np.exp(rng.normal(0, 0.15)), turn, 3)
    painting.paint(Solid(bladder.box, bladder.depth + 1.3), "bowel wall")
    painting.paint(bladder, "bile")
    return Liver(box, depth, painting.labels[box])


def _shape(rng: np.random.Generator, place: Place, box: Box, bumpy: bool) -> Field:
    """Level set in mm of the liver before its volume is set."""
    s, p, x = place.coarse
    up, back, left_by = rng.normal(0, 4, 3).astype(np.float32)
    wide = 84 * float(np.exp(rng.normal(0, 0.12)))
    right = _ellipsoid(s - 8 - up, p - 6, x + 82, 94, 90, 72)
    left = _ellipsoid(s - 46 - up - 0.25 * (x + 5), p + 44, x + 6 - left_by, 38, 44, wide)
    caudate = _ellipsoid(s - 30, p - 4, x + 16, 30, 20, 20)
    hollow = _ellipsoid(s + 50 + back, p - 28, x - 58, 94, 76, 94)
    lobes = np.minimum(np.maximum.reduce([right, left, caudate]), 3 - hollow)
    spine = np.hypot(x, p - 38) - 32
    shape = place.smooth(np.minimum(lobes, spine))[box]
    shape += 3.0 * place.noise(rng, box, 40.0) + 1.2 * place.noise(rng, box, 20.0)
    if bumpy:
        shape += 1.5 * place.noise(rng, box, 8.0)
    return shape


def paint_veins(rng: np.random.Generator, painting: Painting, liver: Liver) -> None:
    """Paints portal and hepatic veins: trunks in anatomical position, twigs to random positions."""
    place = painting.place
    painting.paint(place.tube(jitter(rng, PORTAL, 1.0)), "portal vein", label=None)
    points = places(rng, place, liver, 260, 5.0)
    for tissue, roots, count in (
        ("hepatic vein", HEPATIC_ROOTS, 90),
        ("portal vein", PORTAL_ROOTS, 110),
    ):
        chosen = points[rng.choice(len(points), min(count, len(points)), replace=False)]
        starts, stops = _tree([jitter(rng, path, 2.5) for path in roots], chosen)
        veins = place.segments(starts, stops)
        depth = np.where(on_box(liver, veins.box), veins.depth, FAR)
        painting.paint(Solid(veins.box, depth), tissue, label=None)


def _tree(
    roots: list[npt.NDArray[np.float64]], leaves: npt.NDArray[np.float64]
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Segments (n, 4) from ``roots`` (each (k, 4)) to all ``leaves`` (m, 3), the nearest first.

    Every leaf joins the tree at the nearest node; the roots keep at least their given radius.
    """
    nodes: list[npt.NDArray[np.float64]] = []
    parent: list[int] = []
    floor: list[float] = []
    for path in roots:
        for k, point in enumerate(path):
            nodes.append(point[:3])
            parent.append(len(nodes) - 2 if k else -1)
            floor.append(float(point[3]))
    given = np.stack(nodes)
    order = np.argsort([np.linalg.norm(given - leaf, axis=1).min() for leaf in leaves])
    for leaf in leaves[order]:
        have = np.stack(nodes)
        near = int(np.linalg.norm(have - leaf, axis=1).argmin())
        bow = 0.5 * (have[near] + leaf)
        if parent[near] >= 0:  # branches off at an angle
            bow += 0.18 * (have[near] - have[parent[near]])
        nodes += [bow, leaf]
        parent += [near, len(nodes) - 2]
        floor += [0.0, 0.0]
    radius = np.maximum(np.minimum(murray(parent, TWIG), WIDEST), floor)
    ends = np.column_stack([np.stack(nodes), radius])
    pieces = [(parent[k], k) for k in range(len(nodes)) if parent[k] >= 0]
    before, after = (np.array(column) for column in zip(*pieces, strict=True))
    starts = ends[before].copy()
    twig = after >= len(given)  # a twig has a constant radius
    starts[twig, 3] = ends[after[twig], 3]
    return starts, ends[after]


def murray(parent: Sequence[int], tip: float) -> npt.NDArray[np.float64]:
    """Radii of a vessel tree by Murray's law: r^3 is the sum of r^3 over the branches.

    ``parent`` contains an earlier node for every node, or -1; nodes without branches have radius
    ``tip``.
    """
    cubes = np.zeros(len(parent))
    for k in range(len(parent) - 1, -1, -1):
        cubes[k] = cubes[k] or tip**3
        if parent[k] >= 0:
            cubes[parent[k]] += cubes[k]
    return np.cbrt(cubes)


def places(
    rng: np.random.Generator, place: Place, liver: Liver, count: int, deep: float
) -> npt.NDArray[np.float64]:
    """Up to ``count`` random positions (n, 3) at least ``deep`` mm below the liver surface.

    If there are none, the deepest voxel.
    """
    voxels = np.flatnonzero(liver.mask & (liver.depth > deep))
    if not voxels.size:
        voxels = np.array([liver.depth.argmax()])
    chosen = rng.choice(voxels, min(count, voxels.size), replace=False)
    positions = place.at(liver.box).reshape(3, -1)[:, chosen]
    return np.asarray(positions.T, np.float64)


def on_box(liver: Liver, box: Box) -> npt.NDArray[np.bool_]:
    """The mask of the liver in another box."""
    out = np.zeros([s.stop - s.start for s in box], bool)
    mine, theirs = [], []
    for a, b in zip(box, liver.box, strict=True):
        start, stop = max(a.start, b.start), max(a.start, b.start, min(a.stop, b.stop))
        mine.append(slice(start - a.start, stop - a.start))
        theirs.append(slice(start - b.start, stop - b.start))
    out[tuple(mine)] = liver.mask[tuple(theirs)]
    return out


def _ellipsoid(s: Field, p: Field, x: Field, a: float, b: float, c: float) -> Field:
    """Approximate depth in mm in an ellipsoid at the origin."""
    r = np.sqrt((s / np.float32(a)) ** 2 + (p / np.float32(b)) ** 2 + (x / np.float32(c)) ** 2)
    return np.asarray((1 - r) * np.float32((a * b * c) ** (1 / 3)), np.float32)


def _level(values: Field, voxels: float) -> np.float32:
    """The level above which about ``voxels`` voxels are, at least one, limited by the space."""
    count = int(np.clip(round(voxels), 1, values.size))
    level = np.partition(values.ravel(), values.size - count)[values.size - count]
    return np.float32(max(-12.0, float(level)))
