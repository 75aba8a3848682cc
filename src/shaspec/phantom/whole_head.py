"""A head with skull, scalp, face and neck around a phantom's brain, as a map of tissues.

It is made to train skull stripping. Layers around the brain follow its surface with random
thickness; face and neck are a random mixture of soft tissue, fat, bone and air with eyes, airways
and a spine at their places.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from shaspec.phantom.atlas import Atlas
from shaspec.phantom.fields import Field, blur, noise
from shaspec.phantom.head import Bend, sample
from shaspec.phantom.window import Window

Mask = npt.NDArray[np.bool_]
Labels = npt.NDArray[np.uint8]

VOXEL_MM = 2.0
SHAPE = (125, 122, 104)
FIRST = (-92.0, 0.0, 15.0)
"""Canvas position (S, P, L) in mm of voxel (0, 0, 0): the window reaches below the chin."""
CORE_MM = 9.0  # below this depth everything counts as brain, e.g. ventricles
SULCUS_MM = 6.0  # half the width of the gaps that belong to the brain
EYE = (-34.0, -66.0, 32.0)
"""Middle of the left eye in the atlas, (S, P, L) mm from the anterior commissure."""


class Tissue(IntEnum):
    """Values of the map. `BRAIN` counts as brain."""

    AIR = 0
    GREY = 1
    WHITE = 2
    FLUID = 3
    OUTER_FLUID = 4
    DURA = 5
    BONE = 6
    MARROW = 7
    FAT = 8
    MUSCLE = 9
    SKIN = 10
    EYE = 11
    LENS = 12
    MUCOSA = 13
    CORD = 14
    HOLLOW = 15
    """Air inside the head."""


BRAIN = (Tissue.GREY, Tissue.WHITE, Tissue.FLUID)


@dataclass(frozen=True, eq=False)
class _Space:
    """Where every voxel lies."""

    window: Window
    s: Field
    p: Field
    x: Field
    """Position in the atlas, mm."""

    def noise(self, rng: np.random.Generator, scale: float) -> Field:
        return noise(rng, self.window.shape, self.window.voxel, scale)

    def ball(self, centre: tuple[float, float, float], radii: tuple[float, float, float]) -> Field:
        """Depth in mm (about) inside an ellipsoid; a pair of them where it is beside the middle."""
        side = np.abs(self.x) if centre[2] else self.x
        squares = (
            ((at - middle) / radius) ** 2
            for at, middle, radius in zip((self.s, self.p, side), centre, radii, strict=True)
        )
        return np.asarray((1 - np.sqrt(sum(squares, np.float32(0)))) * min(radii), np.float32)


def make_whole_head(seed: int, atlas: Atlas) -> Labels:
    """The tissues of a random head.

    Args:
        seed: the same seed and atlas give the same head.
        atlas: of the brain.

    Returns:
        (*SHAPE) map of `Tissue` with voxels of `VOXEL_MM`.
    """
    rng = np.random.default_rng([seed, 21])
    window = Window(SHAPE, (VOXEL_MM,) * 3, FIRST)
    lattice = window.lattice(6.0)
    source = Bend.draw(rng, atlas).to_atlas(window.positions(lattice))
    positions = np.stack([lattice.upsample(axis) for axis in source])
    space = _Space(window, *positions)
    brain = sample(atlas, atlas.brain, positions) > 0.5
    coarse = atlas.coarser(round(VOXEL_MM / atlas.voxel))
    grey, white = (sample(coarse, image, positions) for image in (coarse.grey, coarse.white))
    tissues = _tissues(rng, space, grey, white)
    inside = _brain_mask(tissues, brain, window)
    away = blur(_distance(~inside), window.voxel, 1.5)
    labels, outside_skull = _shells(rng, space, away)
    _face_and_neck(rng, space, labels, outside_skull)
    labels[inside] = tissues[inside]
    return labels


def _distance(mask: Mask) -> Field:
    """Distance in mm of the voxels of a mask from the rest."""
    return np.asarray(ndimage.distance_transform_edt(mask) * VOXEL_MM, np.float32)


def _brain_mask(tissues: Labels, brain: Mask, window: Window) -> Mask:
    """The brain with its sulci and ventricles, without the fluid around it."""
    matter = (brain & (tissues != Tissue.FLUID)).astype(np.float32)
    tissue = blur(matter, window.voxel, 1.5) > 0.3
    grown = _distance(~tissue) <= SULCUS_MM
    inside = brain & ((_distance(grown) > SULCUS_MM) | tissue | (_distance(brain) > CORE_MM))
    parts, number = ndimage.label(inside)
    if number > 1:
        inside = parts == np.bincount(parts.ravel())[1:].argmax() + 1
    return np.asarray(ndimage.binary_fill_holes(inside), np.bool_)


def _tissues(rng: np.random.Generator, space: _Space, grey: Field, white: Field) -> Labels:
    """One possible brain of the average one: the most probable tissue with noise in the odds."""
    fluid = np.clip(1 - grey - white, 0, 1)
    sharp = 0.4 * space.noise(rng, 4.0)
    odds = np.stack(
        [
            grey,
            white * np.exp(rng.normal(0.1, 0.2) + sharp),
            fluid * np.exp(rng.normal(0.9, 0.7) + 0.8 * space.noise(rng, 7.0)),
        ]
    )
    return np.asarray(np.array(BRAIN, np.uint8)[odds.argmax(axis=0)])


def _shells(rng: np.random.Generator, space: _Space, away: Field) -> tuple[Labels, Field]:
    """Fluid, dura, bone and marrow around the brain, and the distance in mm from the skull."""

    def thickness(low: float, high: float, variation: float, scale: float = 30.0) -> Field:
        field = rng.uniform(low, high) * (1 + variation * space.noise(rng, scale))
        return np.asarray(np.clip(field, 0, 2.5 * high), np.float32)

    thin = np.where(space.s < -30, np.float32(0.7), np.float32(1.0))  # bone of the base
    fluid = thickness(0.3, 5.0, 0.5, rng.uniform(14, 40))
    dura = fluid + thickness(0.0, 2.5, 0.6, 15.0)
    inner = dura + thickness(1.2, 3.0, 0.3) * thin
    marrow = inner + thickness(0.0, 5.0, 0.5) * thin
    outer = marrow + thickness(1.2, 3.0, 0.3) * thin
    labels = np.full(away.shape, Tissue.AIR, np.uint8)
    shells = (
        (outer, Tissue.BONE),
        (marrow, Tissue.MARROW),
        (inner, Tissue.BONE),
        (dura, Tissue.DURA),
        (fluid, Tissue.OUTER_FLUID),
    )
    for edge, tissue in shells:
        labels[away <= edge] = tissue
    foramen = (space.s < -52) & (np.hypot(space.x, space.p - 32) < 17) & (away > fluid)
    labels[foramen & (labels != Tissue.AIR)] = Tissue.OUTER_FLUID
    return labels, away - outer


def _face_and_neck(
    rng: np.random.Generator, space: _Space, labels: Labels, outside_skull: Field
) -> None:
    """Fill what lies between skull and skin."""
    scalp = rng.uniform(4, 13) * (1 + 0.25 * space.noise(rng, 35.0))
    width = rng.uniform(0.85, 1.12)
    face = space.ball((-72, -42, 0), (62, 58 * width, 60 * width))
    nose = space.ball((-52, -98, 0), (22, 16, 13))
    neck = rng.uniform(48, 68) - np.hypot(space.x, 0.85 * (space.p - rng.uniform(10, 25)))
    neck = np.where(space.s < -30, neck, -99)
    cheeks = np.maximum(np.maximum(face, neck), nose) + 4 * space.noise(rng, 25.0)
    inside = (outside_skull < scalp) | (cheeks > 0)
    depth = blur(_distance(ndimage.binary_fill_holes(inside)), space.window.voxel, 1.0)
    soft = inside & (labels == Tissue.AIR)
    labels[soft] = _mixture(rng, space)[soft]
    fat = rng.uniform(1, 7) * (1 + 0.5 * space.noise(rng, 30.0))
    skin = rng.uniform(1.5, 4)
    labels[soft & (depth < skin + fat)] = Tissue.FAT
    labels[soft & (depth < skin)] = Tissue.SKIN
    _organs(rng, space, labels, soft & (depth > skin))


def _mixture(rng: np.random.Generator, space: _Space) -> Labels:
    """Muscle with pieces of fat, mucosa, bone, marrow and air."""
    labels = np.full(space.s.shape, Tissue.MUSCLE, np.uint8)
    share = (
        (Tissue.FAT, rng.uniform(0.1, 1.0), 9.0),
        (Tissue.MUCOSA, rng.uniform(0.8, 1.6), 9.0),
        (Tissue.BONE, rng.uniform(0.9, 1.7), 7.0),
        (Tissue.MARROW, rng.uniform(1.2, 2.0), 8.0),
        (Tissue.HOLLOW, rng.uniform(1.2, 2.2), 9.0),
    )
    for tissue, limit, scale in share:
        labels[space.noise(rng, scale * rng.uniform(0.7, 1.5)) > limit] = tissue
    return labels


def _organs(rng: np.random.Generator, space: _Space, labels: Labels, free: Mask) -> None:
    """Eyes, sinuses, airways and the spine, where the head is ``free`` for them."""

    def about(at: tuple[float, float, float], mm: float = 3.0) -> tuple[float, float, float]:
        s, p, x = (value + rng.normal(0, mm) if value else 0.0 for value in at)
        return s, p, x

    eye, radius = about(EYE), rng.uniform(11, 13.5)
    cone = space.ball((eye[0], eye[1] + 14, eye[2] - 4), (17, 26, 17))
    muscles = np.abs(np.hypot(space.s - eye[0], np.abs(space.x) - eye[2] + 4) - 9) < 1.5
    labels[free & (cone > 0)] = Tissue.FAT
    labels[free & (cone > 0) & muscles] = Tissue.MUSCLE
    nerve = np.hypot(space.s - eye[0], np.abs(space.x) - eye[2] + (space.p - eye[1]) * 0.4) < 2.5
    labels[free & (cone > 0) & nerve & (space.p > eye[1])] = Tissue.MUSCLE
    labels[free & (space.ball(eye, (radius,) * 3) > 0)] = Tissue.EYE
    lens = (eye[0], eye[1] - 0.75 * radius, eye[2])
    labels[free & (space.ball(lens, (4.5, 2.5, 4.5)) > 0)] = Tissue.LENS

    filled = Tissue.MUCOSA if rng.random() < 0.25 else Tissue.HOLLOW
    for at, radii in (
        ((-22, -82, 8), (12, 7, 12)),  # frontal
        ((-58, -58, 24), (15, 15, 12)),  # maxillary
        ((-44, -22, 6), (9, 10, 9)),  # sphenoid
        ((-40, -55, 6), (12, 20, 6)),  # ethmoid
        ((-55, 38, 56), (16, 11, 8)),  # mastoid
    ):
        size = rng.uniform(0.4, 1.3)
        depth = space.ball(about(at), (radii[0] * size, radii[1] * size, radii[2] * size))
        depth += 2 * space.noise(rng, 8.0)
        labels[free & (depth > -2)] = Tissue.BONE
        labels[free & (depth > 0)] = filled if rng.random() < 0.8 else Tissue.MUCOSA
    nose = (np.abs(space.x) < rng.uniform(4, 10)) & (np.abs(space.s + 60) < 16)
    labels[free & nose & (np.abs(space.p + 52) < 34)] = filled
    throat = np.hypot(space.x / 1.6, space.p - rng.uniform(-18, -8)) < rng.uniform(3, 9)
    labels[free & throat & (space.s < -55)] = Tissue.HOLLOW

    spine = np.hypot(space.x, space.p - 34) + 2 * space.noise(rng, 12.0)
    discs = np.cos((space.s + rng.uniform(0, 20)) * 2 * np.pi / 18) > 0.6
    low = free & (space.s < -74)
    labels[low & (spine < 22)] = Tissue.BONE
    labels[low & (spine < 19)] = Tissue.MARROW
    labels[low & (spine < 19) & discs] = Tissue.MUSCLE
    labels[low & (spine < rng.uniform(9, 12))] = Tissue.OUTER_FLUID
    labels[low & (spine < rng.uniform(5, 7.5))] = Tissue.CORD
