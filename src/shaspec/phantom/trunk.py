"""The walls of an abdomen: skin, fat, muscle, the cavity, diaphragm and lungs, bones."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from shaspec.phantom.fields import Field, noise, step
from shaspec.phantom.painting import Painting
from shaspec.phantom.solids import FAR, Place, Solid, jitter
from shaspec.phantom.window import Window

CAGE_SIDE, CAGE_FRONT, CAGE_BACK = 143.0, 90.0, 86.0
"""Distance from the centre to the surface of the muscles, mm."""
SQUARE = 2.4  # exponent of the outline: 2 is an ellipse
SPINE = 38.0
"""Distance of the centres of the vertebral bodies behind the centre of the trunk, mm."""
VERTEBRA = 35.0  # distance between vertebrae, mm


@dataclass(frozen=True, eq=False)
class Trunk:
    """Depths in mm (*shape), positive inside."""

    skin: Field
    cage: Field
    """Below the surface of the muscles."""
    cavity: Field
    """Inside the muscles."""
    lungs: Field
    below: Field
    """Below the diaphragm."""


def draw_place(rng: np.random.Generator, window: Window) -> Place:
    """A random body: size, proportions, slight rotation and elastic deformation."""
    lattice = window.lattice(4.0)
    canvas = window.positions(lattice)
    scale = np.exp(rng.normal(0, 0.04, 3)).clip(0.92, 1.06).astype(np.float32)
    coarse = canvas / scale.reshape(3, 1, 1, 1)
    angle = np.deg2rad(rng.normal(0, 1.5))
    coarse[1] += np.float32(np.sin(angle)) * coarse[2]
    for scale_mm, mm in ((70.0, 5.0), (35.0, 2.5)):
        for axis in range(3):
            waves = noise(rng, lattice.nodes, (lattice.step,) * 3, scale_mm)
            coarse[axis] += np.float32(mm) * waves
    positions = np.stack([lattice.upsample(axis) for axis in coarse])
    return Place(window, lattice, coarse.astype(np.float32), positions)


def draw_trunk(rng: np.random.Generator, place: Place) -> Trunk:
    """The surfaces of one body."""
    s, p, x = place.coarse
    side = np.abs(x)
    reach = np.where(p < 0, CAGE_FRONT, CAGE_BACK)
    flat = ((side / CAGE_SIDE) ** SQUARE + (np.abs(p) / reach) ** SQUARE) ** (1 / SQUARE)
    cage = np.hypot(p, x) * (1 / np.maximum(flat, 1e-3) - 1)
    cage = np.where(flat > 0.02, cage, 80.0)
    fat = float(np.clip(rng.lognormal(np.log(15), 0.45), 5, 34))
    front = step(-p - 20, 40.0)
    low = step(-s - 20, 60.0)
    fat_here = fat * (0.65 + 0.5 * front * low + 0.35 * low)
    fat_here += 0.12 * fat * noise(rng, place.lattice.nodes, (place.lattice.step,) * 3, 45.0)
    fat_here -= 0.5 * fat * np.exp(-((x / 14) ** 2)) * step(p - 40, 15.0)  # groove of the spine
    behind = step(p - 30, 20.0)
    wall = rng.uniform(9, 14) + behind * (9 + 24 * np.exp(-((x / 50) ** 4)))
    cavity = cage - wall

    top_right, top_left = rng.normal(88, 7), rng.normal(76, 7)
    domes = [
        top - 75 * (((x - middle) / 120) ** 2 + ((p + 5) / 120) ** 2)
        for top, middle in ((top_right, -75.0), (top_left, 75.0))
    ]
    dome = np.maximum(*domes) - 75 * np.exp(-np.maximum(cavity, 0) / rng.uniform(5, 9))
    below = (dome - s) * 0.7  # the dome is steep at the walls
    mediastinum = 30 - np.hypot(np.maximum(np.abs(x - 4) - 8, 0), np.maximum(np.abs(p) - 30, 0))
    mediastinum = np.where(s > 0, mediastinum, -30.0)
    lungs = np.minimum.reduce([cavity + 2, -below, -mediastinum])
    fields = [place.smooth(f) for f in (cage + fat_here, cage, cavity, lungs, below)]
    return Trunk(*fields)


def paint_walls(rng: np.random.Generator, painting: Painting, trunk: Trunk) -> None:
    """Paints table, skin, fat, muscle, the fat of the cavity, diaphragm and lungs."""
    place, whole = painting.place, painting.place.whole
    painting.paint(Solid(whole, _table(place, trunk)), "table")
    painting.paint(Solid(whole, trunk.skin), "skin")
    painting.paint(Solid(whole, trunk.skin - 2.0), "fat", texture=(9.0, 6.0))
    painting.paint(Solid(whole, trunk.cage), "muscle", texture=(7.0, 5.0))
    # Layers of fat between the muscles of the flanks.
    s, p, x = place.positions
    sheet = 1.1 - np.abs(trunk.cage - 0.45 * (trunk.cage - trunk.cavity))
    sheet = np.where((np.abs(x) > 60) & (s < 25) & (p < 40), sheet, FAR)
    painting.paint(Solid(whole, sheet), "fat")
    painting.paint(Solid(whole, trunk.cavity), "visceral fat", texture=(9.0, 7.0))
    painting.paint(Solid(whole, np.minimum(trunk.lungs + 3.5, trunk.cavity + 2)), "muscle")
    painting.paint(Solid(whole, trunk.lungs), "lung", texture=(28.0, 9.0))
    _lung_vessels(rng, painting, trunk)
    for sign in (-1, 1):
        erector = [(v, 64 + 0.03 * abs(v), sign * 33, 21) for v in (-260, -90, 0, 90, 260)]
        painting.paint(place.tube(jitter(rng, erector, 1.5, 0.06)), "muscle", texture=(14, 4.0))
        inner = [(v, 67, sign * 17, 15) for v in (-260, 0, 260)]
        painting.paint(place.tube(jitter(rng, inner, 1.0, 0.06)), "muscle", texture=(14, 4.0))
        psoas = [(-260, 30, sign * 62, 26), (-90, 40, sign * 44, 21), (5, 45, sign * 30, 7)]
        painting.paint(place.tube(jitter(rng, psoas, 2.0)), "muscle", texture=(7, 5.0))
        lumborum = [(-120, 62, sign * 66, 10), (-20, 64, sign * 58, 8)]
        painting.paint(place.tube(jitter(rng, lumborum, 2.0)), "muscle", texture=(7, 5.0))
        crus = [(-25, 24, sign * 16, 6), (35, 18, sign * 15, 6), (70, 8, sign * 20, 4)]
        painting.paint(place.tube(jitter(rng, crus, 1.5)), "muscle")


def _table(place: Place, trunk: Trunk) -> Field:
    """The table of the scanner, not deformed with the body."""
    window = place.window
    _, p, x = (window.first[k] + window.voxel[k] * np.arange(window.shape[k]) for k in range(3))
    back = np.flatnonzero((trunk.skin > 0).any(axis=(0, 2)))
    lowest = p[back[-1]] + 3 if back.size else 9e9
    depth = 2.5 - np.abs(p[:, None] - lowest + (x[None] / 30) ** 2)
    depth = np.minimum(depth, 195 - np.abs(x[None]))
    return np.broadcast_to(depth.astype(np.float32), window.shape)


def _lung_vessels(rng: np.random.Generator, painting: Painting, trunk: Trunk) -> None:
    """Lung vessels as intersections of two random surfaces, at most 5 mm thick."""
    box = painting.place.box(np.array([20.0, -200, -200]), np.array([9e9, 200, 200]))
    one, two = (painting.place.noise(rng, box, 16.0) for _ in range(2))
    lines = 2.0 - 11 * np.hypot(one, two)
    depth = np.minimum(lines, trunk.lungs[box] - 2)
    painting.paint(Solid(box, depth), "lung vessel")


def paint_bones(rng: np.random.Generator, painting: Painting, trunk: Trunk) -> None:
    """Paints ribs with their cartilage, and the spine."""
    _ribs(rng, painting, trunk)
    _spine(rng, painting)


def _ribs(rng: np.random.Generator, painting: Painting, trunk: Trunk) -> None:
    """Ribs: bands around the chest that descend towards the front, one per 30 mm."""
    place = painting.place
    box = place.box(np.array([-130.0, -200, -200]), np.array([9e9, 200, 200]))
    near = np.abs(trunk.cavity[box] + 5) < 6 + place.edge
    s, p, x = place.at(box)[:, near]
    period, fall = rng.uniform(27, 31), rng.uniform(0.45, 0.65)
    height = s + fall * (80 - p)
    across = np.mod(height + rng.uniform(0, period), period) - period / 2
    band = np.hypot(across / 6.5, (trunk.cavity[box][near] + 5) / 4.2)
    depth = (1 - band) * 4.6
    ends = p - (38 - 1.3 * s)  # the ribs are cartilage further in front
    ends = np.minimum(ends, np.minimum(height + 5, np.abs(x) - 38)) * 0.7
    cartilage = np.minimum(depth + 0.4, np.minimum(ends + 30, np.abs(x) - 12))
    rib = np.minimum(depth, ends)
    for values, tissue, texture in (
        (cartilage, "cartilage", (20, 4.0)),
        (rib, "cortical bone", None),
        (rib - 1.6, "spongy bone", (40, 4.0)),
    ):
        field = np.full(near.shape, FAR, np.float32)
        field[near] = values
        painting.paint(Solid(box, field), tissue, texture=texture)


def _spine(rng: np.random.Generator, painting: Painting) -> None:
    place = painting.place
    box = place.box(np.array([-9e9, 5.0, -50.0]), np.array([9e9, 110.0, 50.0]))
    s, p, x = place.at(box)
    side = np.abs(x)
    within = np.mod(s + rng.uniform(0, VERTEBRA), VERTEBRA) - VERTEBRA / 2
    waist = 1.6 * (1 - (within / 14) ** 2)  # a vertebral body is slimmer in its middle
    body = _ellipse(x, p - SPINE, 22.0, 16.0) - np.clip(waist, 0, 2)
    canal = _ellipse(x, p - SPINE - 24, 10.5, 8.5)
    body = np.minimum(body, -canal - 1.0)
    height = 14.0 - np.abs(within)
    arch = np.minimum(canal + 6.5, -canal)
    arch = np.minimum(arch, 12 - np.abs(within + 3))
    thorn = np.minimum(3.6 - side, np.minimum(p - SPINE - 31, SPINE + 52 - p))
    thorn = np.minimum(thorn, 10 - np.abs(within + 6 - 0.2 * (p - SPINE - 40)))
    wings = 4.5 - np.hypot(within + 2, (p - SPINE - 22 - 0.2 * (side - 14)))
    wings = np.minimum(wings, np.minimum(side - 9, 36 - side))
    bone = np.maximum.reduce([np.minimum(body, height), arch, thorn, wings])
    painting.paint(Solid(box, body - 0.5), "disc")
    painting.paint(Solid(box, canal), "spinal canal")
    painting.paint(Solid(box, _ellipse(x, p - SPINE - 24, 5.0, 4.5)), "cord")
    painting.paint(Solid(box, bone), "cortical bone", texture=(60, 6.0))
    painting.paint(Solid(box, bone - 1.7), "spongy bone", texture=(32, 3.5))


def _ellipse(x: Field, p: Field, width: float, height: float) -> Field:
    """Depth in an ellipse of half axes ``width`` and ``height``, along the ray from its centre."""
    r = np.sqrt((x / width) ** 2 + (p / height) ** 2)
    away = np.hypot(x, p)
    depth = np.where(r > 1e-3, away * (1 / np.maximum(r, 1e-3) - 1), min(width, height))
    return np.asarray(depth, np.float32)
