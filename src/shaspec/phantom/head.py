"""An individual head: the atlas deformed, displaced by a tumour, and sharpened to tissues."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from shaspec.phantom.atlas import Atlas
from shaspec.phantom.fields import Field, Lattice, blur, noise
from shaspec.phantom.window import Window

COMMISSURE = np.array([62.0, 113.0, 118.5])
"""Position of the origin of the atlas in a BraTS volume, (S, P, L) mm."""
ATLAS_TO_CANVAS = np.array([0.88, 0.93, 0.945])
"""MNI152 is larger than an average head; BraTS uses SRI24, which is not."""
CANVAS, CANVAS_VOXEL = (40, 61, 61), 4.0
"""Grid of the elastic deformation: voxels of 4 mm that cover a BraTS volume."""
LONG_WAVES = ((48.0, 3.0), (24.0, 2.0))
SHORT_WAVES = ((11.0, 0.9),)
"""Elastic deformation: scale and standard deviation in mm. Large scales fade towards the skull."""


@dataclass(frozen=True, eq=False)
class Bend:
    """Maps points of a head to the atlas, in mm (S, P, L)."""

    atlas: Atlas
    matrix: npt.NDArray[np.float64]
    centre: npt.NDArray[np.float64]
    long: npt.NDArray[np.float32]
    short: npt.NDArray[np.float32]
    """Elastic displacements (3, *CANVAS) in mm."""
    widening: float
    """Widening of the ventricles, mm per (1/mm) of their blurred edge."""

    @classmethod
    def draw(cls, rng: np.random.Generator, atlas: Atlas) -> Bend:
        """A random head: size, proportions, tilt, elastic deformation, width of the ventricles."""
        turn = np.eye(3)
        for axis, angle in enumerate(np.deg2rad(rng.normal(0, 2.0, 3).clip(-5, 5))):
            a, b = [k for k in range(3) if k != axis]
            one = np.eye(3)
            one[a, a] = one[b, b] = np.cos(angle)
            one[a, b], one[b, a] = -np.sin(angle), np.sin(angle)
            turn = turn @ one
        size = np.exp(rng.normal(0, 0.025)) * np.exp(rng.normal(0, 0.02, 3))
        matrix = np.diag(1 / (ATLAS_TO_CANVAS * size.clip(0.92, 1.07))) @ turn
        long, short = _waves(rng, LONG_WAVES), _waves(rng, SHORT_WAVES)
        centre = COMMISSURE + rng.normal(0, 1.5, 3)
        return cls(atlas, matrix, centre, long, short, float(np.clip(rng.normal(15, 30), -25, 75)))

    def to_atlas(self, canvas: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
        """Canvas positions (3, *nodes) -> atlas positions (3, *nodes)."""
        flat = canvas.reshape(3, -1)
        out = self.matrix @ (flat - self.centre[:, None])
        coarse = self.atlas.coarse
        depth = sample(coarse, self.atlas.depth, np.asarray(out.reshape(canvas.shape), np.float32))
        give = 0.3 + 0.7 * np.clip(depth / 15, 0, 1)  # skulls vary less than brains
        positions = np.asarray(out.reshape(canvas.shape), np.float32)
        for axis in range(3):
            for waves, share in ((self.long, give), (self.short, 1.0)):
                positions[axis] += share * ndimage.map_coordinates(
                    waves[axis], canvas / CANVAS_VOXEL, order=1, mode="nearest"
                )
        # Sampling further up the gradient of the blurred ventricles makes them wider.
        pull = np.stack([sample(coarse, slope, positions) for slope in self.atlas.ventricle_slopes])
        return positions + np.float32(self.widening) * pull


def _waves(
    rng: np.random.Generator, waves: tuple[tuple[float, float], ...]
) -> npt.NDArray[np.float32]:
    out = np.zeros((3, *CANVAS), np.float32)
    for scale, deviation in waves:
        for axis in range(3):
            out[axis] += deviation * noise(rng, CANVAS, (CANVAS_VOXEL,) * 3, scale)
    return out


@dataclass(frozen=True, eq=False)
class Head:
    """Tissue fractions on the voxels of ``window``; they sum to ``brain``, which is 0 or 1."""

    window: Window
    fluid: Field
    grey: Field
    white: Field
    brain: Field
    rind: Field
    """Residual meninges left by skull stripping outside the brain, 0 or 1."""
    depth: Field
    """Millimetres below the surface of the brain (smooth)."""
    across: Field
    """Millimetres to the left of the midline, in the atlas."""


def sample(atlas: Atlas, image: Field, positions: npt.NDArray[np.float32]) -> Field:
    """Value of an ``image`` on the grid of ``atlas`` at ``positions`` (3, ...) in mm; 0 outside."""
    index = (positions - np.array(atlas.origin, np.float32).reshape(3, 1, 1, 1)) / atlas.voxel
    return np.asarray(ndimage.map_coordinates(image, index, np.float32, order=1, mode="constant"))


def depth_below(brain: npt.NDArray[np.bool_], voxel: float) -> Field:
    """Distance in mm from the outside of a mask with voxels of ``voxel`` mm."""
    return np.asarray(
        ndimage.distance_transform_edt(np.pad(brain, 1))[1:-1, 1:-1, 1:-1] * voxel, np.float32
    )


def make_tissues(
    rng: np.random.Generator, atlas: Atlas, window: Window, lattice: Lattice, source: Field
) -> Head:
    """Samples and sharpens the atlas at ``source`` (3, *nodes), positions of the lattice points.

    The atlas is an average, its cortex a grey blur; a brain is sharp. Raising the probabilities
    to a power with noise in their odds draws one possible brain from them, folds and all.
    """
    shape, voxel = window.shape, window.voxel
    positions = np.stack([lattice.upsample(axis) for axis in source])
    atlas = atlas.coarser(int(min(voxel)))
    grey, white, brain = (sample(atlas, image, positions) for image in atlas.images)
    fluid = np.clip(brain - grey - white, 0, 1)
    inside = _strip_skull(rng, window, grey + white, brain > 0.5, lattice)
    rind = _leave_scraps(rng, window, inside)

    sharpness = 1 + rng.uniform(0.6, 1.6) / max(1.0, *voxel)
    odds_fluid = np.exp(rng.normal(0.4, 0.5) + 0.7 * noise(rng, shape, voxel, 7.0))
    odds_white = np.exp(rng.normal(-0.15, 0.2) + 0.4 * noise(rng, shape, voxel, 4.0))
    fluid = (fluid * odds_fluid) ** sharpness
    white = (white * odds_white) ** sharpness
    grey = grey**sharpness + np.float32(1e-6)
    scale = inside / (fluid + white + grey)
    depth = lattice.upsample(depth_below(inside[lattice.nearest_voxels()], lattice.step))
    return Head(
        window,
        fluid=fluid * scale,
        grey=grey * scale,
        white=white * scale,
        brain=inside.astype(np.float32),
        rind=rind,
        depth=depth,
        across=positions[2],
    )


def _strip_skull(
    rng: np.random.Generator,
    window: Window,
    matter: Field,
    brain: npt.NDArray[np.bool_],
    lattice: Lattice,
) -> npt.NDArray[np.bool_]:
    """A tighter brain mask, which removes a random amount of fluid at the surface."""
    depth = lattice.upsample(depth_below(brain[lattice.nearest_voxels()], lattice.step))
    tissue = blur(matter, window.voxel, rng.uniform(1.5, 3.0))
    ragged = 0.08 * noise(rng, window.shape, window.voxel, 6.0)
    kept = brain & ((tissue + ragged > rng.uniform(0.2, 0.6)) | (depth > 9))
    return kept if kept.any() else brain


def _leave_scraps(rng: np.random.Generator, window: Window, inside: npt.NDArray[np.bool_]) -> Field:
    """A shell of a few millimetres around parts of the brain, in half of the heads."""
    coverage = rng.uniform(-1.2, 0.9) if rng.random() < 0.5 else -9.0
    patches = noise(rng, window.shape, window.voxel, 22.0)
    near = blur(inside.astype(np.float32), window.voxel, 2.0) > rng.uniform(0.1, 0.35)
    return np.asarray(near & ~inside & (patches < coverage), np.float32)
