"""A scan of a whole head in a random contrast, pose, resolution and field of view.

As in Hoopes et al., SynthStrip, NeuroImage 2022: a network that has seen every contrast of the
tissues learns their shapes. Part of the scans has the order of brightness of a real sequence.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from scipy import ndimage
from scipy.spatial.transform import Rotation

from shaspec.phantom.fields import Field, Shape, noise, separable, slice_matrix
from shaspec.phantom.whole_head import BRAIN, VOXEL_MM, Labels, Mask, Tissue

Range = tuple[float, float]

LESION, RIM = 16, 17
"""Values of the map of tissues within a lesion and around it."""
DARK = {Tissue.AIR: 0.04, Tissue.HOLLOW: 0.08, Tissue.BONE: 0.3}
"""Largest brightness of what gives hardly any signal in any sequence."""
SEQUENCES: tuple[Mapping[int, Range], ...] = (
    {  # T1
        Tissue.GREY: (0.4, 0.6), Tissue.WHITE: (0.55, 0.8), Tissue.FLUID: (0.05, 0.3),
        Tissue.FAT: (0.8, 1.3), Tissue.MARROW: (0.5, 1.1), Tissue.MUSCLE: (0.3, 0.6),
        Tissue.SKIN: (0.3, 0.8), Tissue.DURA: (0.2, 1.0), Tissue.EYE: (0.1, 0.3),
    },
    {  # T2
        Tissue.GREY: (0.45, 0.65), Tissue.WHITE: (0.3, 0.5), Tissue.FLUID: (0.8, 1.3),
        Tissue.FAT: (0.4, 1.0), Tissue.MARROW: (0.2, 0.8), Tissue.MUSCLE: (0.1, 0.35),
        Tissue.SKIN: (0.2, 0.6), Tissue.DURA: (0.05, 0.4), Tissue.EYE: (0.8, 1.3),
    },
    {  # FLAIR
        Tissue.GREY: (0.5, 0.7), Tissue.WHITE: (0.4, 0.6), Tissue.FLUID: (0.03, 0.25),
        Tissue.FAT: (0.2, 1.1), Tissue.MARROW: (0.1, 0.7), Tissue.MUSCLE: (0.2, 0.5),
        Tissue.SKIN: (0.2, 0.7), Tissue.DURA: (0.1, 0.7), Tissue.EYE: (0.05, 0.3),
    },
)  # fmt: skip


@dataclass(frozen=True, eq=False)
class RandomScan:
    """A scan and the brain in it."""

    image: Field
    """(*shape), raw intensities from 0."""
    brain: Field
    """(*shape), the part of every voxel that is brain, 0 to 1."""


def random_scan(
    rng: np.random.Generator, tissues: Labels, shape: Shape, voxel: float
) -> RandomScan:
    """Scan a head.

    Args:
        rng: source of all random choices.
        tissues: a head of `shaspec.phantom.whole_head`.
        shape: voxels (S, P, L) of the scan.
        voxel: their size in mm.

    Returns:
        The scan. The field of view may show a part of the head only; a small share of the heads
        has no skull.
    """
    brain = np.isin(tissues, BRAIN)
    labels = _with_lesions(rng, tissues, brain)
    if rng.random() < 0.08:
        labels = np.where(brain, labels, np.uint8(Tissue.AIR))
    image = _painted(rng, labels)
    matrix, offset = _pose(rng, brain, shape, voxel)

    def placed(volume: Field) -> Field:
        out = ndimage.affine_transform(volume, matrix, offset, shape, order=1)
        return np.asarray(out, np.float32)

    image, inside = placed(image), placed(brain.astype(np.float32))
    image = _acquired(rng, image, voxel)
    if rng.random() < 0.3:
        _cut(rng, image, inside)
    return RandomScan(image, inside)


def _grid_noise(rng: np.random.Generator, shape: tuple[int, ...], mm: float, scale: float) -> Field:
    a, b, c = shape
    return noise(rng, (a, b, c), (mm,) * 3, scale)


def _with_lesions(rng: np.random.Generator, tissues: Labels, brain: Mask) -> Labels:
    """Up to three lesions anywhere in the brain, also at its surface."""
    labels = tissues.copy()
    for _ in range(rng.choice(4, p=(0.25, 0.4, 0.2, 0.15))):
        places = np.flatnonzero(brain)
        middle = np.unravel_index(rng.choice(places), brain.shape)
        radius, rim = rng.uniform(4, 32), rng.uniform(0, 14)
        axes = [
            ((np.arange(n) - at) * VOXEL_MM * rng.uniform(0.8, 1.25)) ** 2
            for n, at in zip(brain.shape, middle, strict=True)
        ]
        distance = np.sqrt(axes[0][:, None, None] + axes[1][:, None] + axes[2])
        lobes = _grid_noise(rng, brain.shape, VOXEL_MM, rng.uniform(8, 20))
        level = distance + 0.25 * radius * lobes - radius
        labels[brain & (level < rim)] = RIM
        labels[brain & (level < 0)] = LESION
    return labels


def _brightness(rng: np.random.Generator) -> Field:
    """Brightness of every tissue."""
    values = rng.uniform(0.05, 1.0, RIM + 1)
    if rng.random() < 0.6:
        for tissue, limits in SEQUENCES[rng.integers(len(SEQUENCES))].items():
            values[tissue] = rng.uniform(*limits)
        values[Tissue.OUTER_FLUID] = values[Tissue.FLUID] * rng.uniform(0.9, 1.1)
        values[Tissue.CORD] = values[Tissue.WHITE] * rng.uniform(0.8, 1.2)
    elif rng.random() < 0.5:
        values[Tissue.OUTER_FLUID] = values[Tissue.FLUID]
    for tissue, most in DARK.items():
        values[tissue] = rng.uniform(0, most) * (rng.random() < 0.8)
    return values.astype(np.float32)


def _painted(rng: np.random.Generator, labels: Labels) -> Field:
    """Brightness with texture: every tissue has its own strength of it."""
    values = _brightness(rng)
    strength = (rng.uniform(0, 0.25, len(values)) * values).astype(np.float32)
    strength[: Tissue.FLUID + 1] *= 0.6
    texture = _grid_noise(rng, labels.shape, VOXEL_MM, rng.uniform(2.5, 6))
    texture += rng.uniform(0.3, 1) * _grid_noise(rng, labels.shape, VOXEL_MM, rng.uniform(9, 25))
    return np.asarray((values[labels] + strength[labels] * texture).clip(0), np.float32)


def _pose(rng: np.random.Generator, brain: Mask, shape: Shape, voxel: float) -> tuple[Field, Field]:
    """Matrix and offset from voxels of the scan to voxels of the head."""
    turn = Rotation.from_rotvec(np.radians(rng.normal(0, 12, 3))).as_matrix()
    shear = np.eye(3) + rng.normal(0, 0.03, (3, 3))
    size = rng.uniform(0.82, 1.15) * np.exp(rng.normal(0, 0.04, 3))
    matrix = turn @ shear @ np.diag(1 / size) * voxel / VOXEL_MM
    matrix[:, 2] *= rng.choice([-1, 1])  # left and right
    centre = np.array([np.median(axis) for axis in np.nonzero(brain[::4, ::4, ::4])]) * 4
    centre += np.array([rng.normal(-20, 18), *rng.normal(0, 10, 2)]) / VOXEL_MM
    return matrix, centre - matrix @ ((np.array(shape) - 1) / 2)


def _acquired(rng: np.random.Generator, image: Field, voxel: float) -> Field:
    """Thick slices, bias field, noise and another curve of brightness."""
    if rng.random() < 0.5:
        axis, thickness = rng.integers(3), rng.uniform(1, 6.5 / voxel)
        blurs = [np.eye(n, dtype=np.float32) for n in image.shape]
        blurs[axis] = slice_matrix(image.shape[axis], thickness, rng.random())
        image = separable(image, blurs)
    bias = rng.uniform(0, 0.45) * _grid_noise(rng, image.shape, voxel, rng.uniform(60, 130))
    image = image * np.exp(bias)
    sigma = rng.uniform(0.003, 0.08)
    real = image + sigma * rng.standard_normal(image.shape, np.float32)
    image = np.hypot(real, sigma * rng.standard_normal(image.shape, np.float32))
    if rng.random() < 0.25:
        image[image < 3 * sigma] = 0  # a scanner that masks the background
    return np.asarray(image ** np.float32(rng.uniform(0.7, 1.4)), np.float32)


def _cut(rng: np.random.Generator, image: Field, inside: Field) -> None:
    """Empty the scan outside a slab, in place: partial coverage."""
    axis = rng.choice(3, p=(0.7, 0.15, 0.15))
    n = image.shape[axis]
    low, high = rng.integers(0, n // 4), rng.integers(3 * n // 4, n)
    for volume in (image, inside):
        along = np.moveaxis(volume, axis, 0)
        along[:low] = 0
        along[high:] = 0
