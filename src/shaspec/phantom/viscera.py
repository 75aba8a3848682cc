"""Organs around the liver: heart, great vessels, stomach, bowel, pancreas, spleen, kidneys."""

from __future__ import annotations

import numpy as np

from shaspec.phantom.painting import Painting
from shaspec.phantom.solids import Solid, jitter, rotation
from shaspec.phantom.trunk import Trunk

AORTA = [
    (-300, 14, 6, 9),
    (-110, 12, 7, 9.5),
    (-20, 12, 8, 10.5),
    (60, 16, 10, 11),
    (300, 16, 14, 12),
]
CAVA = [
    (-300, 10, -19, 10), (-80, 9, -22, 11), (-10, 8, -25, 11.5), (35, 12, -27, 12),
    (72, 6, -26, 13), (96, -6, -22, 13), (115, -12, -20, 14),
]  # fmt: skip
STOMACH = [
    (62, 6, 56, 24), (50, -10, 64, 31), (24, -30, 68, 30), (0, -52, 48, 25), (-10, -60, 14, 19),
    (-4, -52, -16, 13),
]  # fmt: skip
DUODENUM = [
    (-4, -50, -18, 11),
    (-2, -32, -42, 12),
    (-30, -8, -46, 12),
    (-62, 0, -34, 11),
    (-66, -2, 6, 11),
]
PANCREAS = [
    (-36, -14, -28, 13),
    (-14, -24, -12, 11),
    (2, -26, 12, 8.5),
    (12, -14, 42, 9.5),
    (22, 14, 78, 9),
]
SPLENIC_VEIN = [(-8, -14, -6, 5), (6, -14, 22, 4.5), (16, -2, 48, 4.2), (26, 24, 84, 4)]
MESENTERIC_VEIN = [(-260, -30, -6, 5), (-60, -26, -12, 5.5), (-8, -14, -8, 6)]
MESENTERIC_ARTERY = [(-4, 4, 8, 4), (-14, -8, 7, 4), (-60, -22, 4, 3.5), (-260, -26, 6, 3)]
COELIAC = [(12, 6, 8, 4), (14, -12, 8, 3.8)]
SPLENIC_ARTERY = [
    (14, -12, 8, 2.9),
    (20, -18, 24, 2.8),
    (14, -8, 44, 2.7),
    (26, 4, 62, 2.6),
    (30, 28, 88, 2.4),
]
HEPATIC_ARTERY = [(14, -12, 8, 2.8), (4, -22, -6, 2.7), (10, -16, -24, 2.5), (18, -6, -40, 2.0)]
COLON = [
    (-300, 10, -96, 26), (-140, 4, -102, 26), (-70, -8, -100, 27), (-52, -44, -92, 24),
    (-74, -64, -45, 22), (-84, -68, 5, 21), (-64, -64, 55, 21), (-22, -36, 100, 20),
    (4, 14, 116, 19), (-50, 30, 114, 17), (-140, 26, 108, 16), (-300, 10, 90, 16),
]  # fmt: skip


def paint_bowel(rng: np.random.Generator, painting: Painting, trunk: Trunk) -> None:
    """Paints small bowel, colon, stomach and duodenum, with fluid or contrast agent, and gas."""
    _small_bowel(rng, painting, trunk)
    place = painting.place
    contrast = rng.random() < 0.35
    for path, wall, gas in (
        (jitter(rng, COLON, 5.0, 0.12), 2.2, rng.uniform(0.2, 0.8)),
        (jitter(rng, DUODENUM, 3.0), 2.2, 0.0),
        (jitter(rng, STOMACH, 4.0, 0.15), rng.uniform(3.5, 5.5), rng.uniform(0.15, 0.5)),
    ):
        tube = place.tube(path)
        depth = np.minimum(tube.depth, trunk.cavity[tube.box] - 2)
        folds = place.noise(rng, tube.box, 13.0) * (2.5 if wall < 3 else 1.5)
        _hollow(rng, painting, Solid(tube.box, depth + folds), wall, gas, contrast)


def _hollow(
    rng: np.random.Generator,
    painting: Painting,
    solid: Solid,
    wall: float,
    gas: float,
    contrast: bool,
) -> None:
    """Paints a wall and its content, with gas in the anterior part up to a fluid level."""
    place = painting.place
    painting.paint(solid, "bowel wall", texture=(6, 5.0))
    inner = Solid(solid.box, solid.depth - np.float32(wall))
    filling = "contrast agent" if contrast else "bowel content"
    inside = painting.paint(inner, filling, texture=(16, 6.0))
    if gas and inside.any():
        front = place.at(solid.box)[1]
        # The filling varies along the bowel, so the level varies.
        level = np.quantile(front[inside], gas) + 14 * place.noise(rng, solid.box, 60.0)
        depth = np.minimum(inner.depth, level - front)
        painting.paint(Solid(solid.box, depth), "gas")


def _small_bowel(rng: np.random.Generator, painting: Painting, trunk: Trunk) -> None:
    """Paints loops where a random field is high, in the lower part of the cavity."""
    place = painting.place
    box = place.box(np.array([-9e9, -95.0, -95.0]), np.array([-25.0, 35.0, 105.0]))
    s, p, x = place.at(box)
    room = np.minimum.reduce(
        [trunk.cavity[box] - 9, -38 - s - 0.25 * x, 12 - p, 88 - np.abs(x - 8)]
    )
    loops = 11 * (np.abs(place.noise(rng, box, 30.0)) + 0.35 * place.noise(rng, box, 20.0)) - 4.5
    depth = np.minimum(loops, room)
    painting.paint(Solid(box, depth), "bowel wall", texture=(7, 5.0))
    mixed = painting.place.noise(rng, box, 30.0)
    painting.paint(Solid(box, depth - 2.2), "bowel content", texture=(14, 5.0))
    gas = np.minimum(depth - 2.6, 6 * (mixed - 1.6))
    painting.paint(Solid(box, gas), "gas")
    vessels = 1.6 - 9 * np.hypot(place.noise(rng, box, 12.0), place.noise(rng, box, 12.0))
    vessels = np.minimum(vessels, np.minimum(room + 6, -depth))
    painting.paint(Solid(box, vessels), "mesenteric vessel")


def paint_solid_organs(rng: np.random.Generator, painting: Painting, trunk: Trunk) -> None:
    """Paints heart, pancreas, spleen and kidneys."""
    place = painting.place
    heart = place.ellipsoid((124, -28, 26), (46, 50, 62), rotation(s=-35, x=10))
    depth = np.minimum(heart.depth, trunk.cavity[heart.box] - 4)
    depth = np.minimum(depth, -trunk.below[heart.box] - 1)
    painting.paint(Solid(heart.box, depth + 5), "visceral fat")
    painting.paint(Solid(heart.box, depth), "heart muscle", texture=(6, 6.0))
    chambers = place.noise(rng, heart.box, 30.0)
    blood = np.minimum(depth - 9, 9 * (chambers + 0.8))
    painting.paint(Solid(heart.box, blood), "heart blood", texture=(8, 12.0))
    gullet = place.tube([(60, 8, 14, 8), (110, 6, 2, 8), (260, 14, 2, 8)])
    painting.paint(gullet, "bowel wall")

    pancreas = place.tube(jitter(rng, PANCREAS, 3.0, 0.12), margin=4)
    lobules = 1.6 * place.noise(rng, pancreas.box, 7.0)
    painting.paint(Solid(pancreas.box, pancreas.depth + lobules), "pancreas", texture=(7, 4.0))
    _spleen(rng, painting, trunk)
    for sign in (-1, 1):
        _kidney(rng, painting, sign)


def _spleen(rng: np.random.Generator, painting: Painting, trunk: Trunk) -> None:
    place = painting.place
    size = np.exp(rng.normal(0, 0.12))
    centre = np.array([34.0, 44, 100]) + rng.normal(0, 4, 3)
    solid = place.ellipsoid(centre, np.array([58, 56, 46]) * size, rotation(s=18, x=-20), margin=6)
    s, p, x = place.at(solid.box) - centre.astype(np.float32).reshape(3, 1, 1, 1)
    hollow = np.sqrt((s / 70) ** 2 + ((p + 26) / 46) ** 2 + ((x + 44) / 32) ** 2)
    depth = solid.depth + 2.5 * place.noise(rng, solid.box, 28.0)
    room = np.minimum(trunk.cavity[solid.box] - 3, trunk.below[solid.box] - 3)
    depth = np.minimum.reduce([depth, room, 36 * (hollow - 1)])
    # The spleen enhances unevenly: stripes in the arterial phase only.
    stripes = np.sin(
        2.2 * place.noise(rng, solid.box, 14.0) + 1.1 * place.noise(rng, solid.box, 6.0)
    )
    arterial, venous = painting.levels["spleen"]
    early = arterial + np.float32(rng.uniform(14, 30)) * stripes
    painting.paint(Solid(solid.box, depth), "spleen", texture=(4, 5.0), levels=(early, venous))


def _kidney(rng: np.random.Generator, painting: Painting, sign: int) -> None:
    """Paints cortex, pyramids, fat and renal pelvis of a kidney; ``sign`` -1: the right one."""
    place = painting.place
    centre = np.array([-42.0 if sign < 0 else -26.0, 38.0, sign * 66.0]) + rng.normal(0, 4, 3)
    radii = np.array([53.0, 28.0, 28.0]) * np.exp(rng.normal(0, 0.06, 3))
    turn = rotation(s=sign * 25, p=sign * 12, x=8)
    kidney = place.ellipsoid(centre, radii, turn, margin=14)
    depth = kidney.depth + 1.2 * place.noise(rng, kidney.box, 16.0)
    painting.paint(Solid(kidney.box, depth + np.float32(rng.uniform(5, 12))), "visceral fat",
                   texture=(7, 6.0))  # fmt: skip
    painting.paint(Solid(kidney.box, depth), "renal cortex", texture=(8, 5.0))
    columns = 4.5 * (place.noise(rng, kidney.box, 13.0) + 0.6)
    pyramids = np.minimum(depth - rng.uniform(6, 8), columns)
    painting.paint(Solid(kidney.box, pyramids), "renal medulla")
    hilum = centre + np.array([0, -9, -sign * 15])
    sinus = place.ellipsoid(hilum, (25, 13, 16), turn, margin=4)
    ragged = sinus.depth + 2.2 * place.noise(rng, sinus.box, 9.0)
    painting.paint(Solid(sinus.box, ragged), "visceral fat")
    pelvis = place.ellipsoid(hilum + np.array([0, 0, sign * 2]), (13, 6, 8), turn, margin=4)
    lobes = pelvis.depth + 2.0 * place.noise(rng, pelvis.box, 9.0)
    painting.paint(Solid(pelvis.box, lobes), "urine")
    for p, tissue, radius in ((4, "renal vein", 4.6), (12, "artery", 2.7)):
        start = (centre[0] + 8, p, sign * 18 - (8 if tissue == "renal vein" else 0), radius)
        end = (*(hilum + np.array([6, 0, sign * 2])), radius * 0.8)
        painting.paint(place.tube([start, end]), tissue)


def paint_great_vessels(rng: np.random.Generator, painting: Painting) -> None:
    """Paints aorta with branches and calcification, inferior vena cava and mesenteric veins."""
    place = painting.place
    cava = place.tube(jitter(rng, CAVA, 1.5, 0.08))
    s = place.at(cava.box)[0]
    # Contrast returns from the kidneys first: below them the vein is darker.
    below, above = painting.levels["cava below"], painting.levels["cava above"]
    share = np.clip((s + 40) / 40, 0, 1)
    levels = [b + share * np.float32(a - b) for b, a in zip(below, above, strict=True)]
    painting.paint(cava, "cava above", levels=levels, texture=(6, 12.0))
    painting.paint(place.tube(jitter(rng, SPLENIC_VEIN, 1.5)), "portal vein")
    painting.paint(place.tube(jitter(rng, MESENTERIC_VEIN, 2.0)), "portal vein")
    for path in (COELIAC, MESENTERIC_ARTERY, SPLENIC_ARTERY, HEPATIC_ARTERY):
        painting.paint(place.tube(jitter(rng, path, 1.0)), "artery")
    aorta = place.tube(jitter(rng, AORTA, 1.5, 0.1), margin=2)
    painting.paint(Solid(aorta.box, aorta.depth + 1.2), "muscle")
    painting.paint(aorta, "artery", texture=(5, 14.0))
    if rng.random() < 0.6:
        plaques = 3 * (place.noise(rng, aorta.box, 8.0) - rng.uniform(1.6, 2.4))
        rim = np.minimum(1.2 - np.abs(aorta.depth - 0.2), plaques)
        painting.paint(Solid(aorta.box, rim), "chalk")
