"""The average head that is deformed to a phantom: MNI152, or an analytic replacement."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property, lru_cache

import numpy as np
from scipy import ndimage

from shaspec.phantom.fields import Field, Triple, noise, step

ANALYTIC_NOTICE = (
    "nilearn is not installed, so this phantom has a simple analytic head instead of MNI152 "
    "anatomy: install shaspec[phantom] for the real one"
)


@dataclass(frozen=True, eq=False)
class Atlas:
    """Tissue fractions 0 to 1 on one grid, axes (S, P, L), LPS mm from the anterior commissure."""

    grey: Field
    white: Field
    brain: Field
    voxel: float
    origin: Triple
    """Position of voxel (0, 0, 0) in (S, P, L) mm."""

    @property
    def images(self) -> tuple[Field, Field, Field]:
        """Grey, white, brain."""
        return self.grey, self.white, self.brain

    def coarser(self, factor: int) -> Atlas:
        """Block means over ``factor`` voxels, so that coarse grids do not skip voxels."""
        return self if factor <= 1 else _coarser(self, factor)

    @cached_property
    def coarse(self) -> Atlas:
        """The atlas at about 3 mm, for smooth quantities."""
        return self.coarser(round(3 / self.voxel))

    @cached_property
    def depth(self) -> Field:
        """Millimetres below the surface of the brain, on the grid of `coarse`."""
        depth = ndimage.distance_transform_edt(self.coarse.brain > 0.5) * self.coarse.voxel
        return np.asarray(depth, np.float32)

    @cached_property
    def ventricle_slopes(self) -> list[Field]:
        """Gradient in 1/mm of the fluid deep in the brain, smoothed with 5 mm, on `coarse`."""
        c = self.coarse
        fluid = np.clip(c.brain - c.grey - c.white, 0, 1) * (self.depth > 24)
        smooth = ndimage.gaussian_filter(fluid, 5 / c.voxel)
        return [np.asarray(slope, np.float32) for slope in np.gradient(smooth, c.voxel)]


def load_atlas() -> tuple[Atlas, tuple[str, ...]]:
    """MNI152 or else the analytic atlas, and notices for the user."""
    try:
        return mni_atlas(), ()
    except ImportError:
        return analytic_atlas(), (ANALYTIC_NOTICE,)


@lru_cache(maxsize=1)
def mni_atlas() -> Atlas:
    """MNI152 (2009a, symmetric) from the files of nilearn; ImportError without nilearn."""
    from nilearn import datasets

    def to_lps(image: object) -> Field:
        # nilearn's arrays are (x right, y front, z up) at 1 mm.
        data = np.asarray(image.get_fdata(dtype=np.float32))  # type: ignore[attr-defined]
        return np.ascontiguousarray(data.transpose(2, 1, 0)[:, ::-1, ::-1])

    grey = datasets.load_mni152_gm_template(resolution=1)
    white = datasets.load_mni152_wm_template(resolution=1)
    head = datasets.load_mni152_template(resolution=1)
    x, y, z = grey.affine[:3, 3] + np.diag(grey.affine)[:3] * (np.array(grey.shape) - 1)
    z = grey.affine[2, 3]
    brain = (to_lps(head) > 0).astype(np.float32)
    return Atlas(to_lps(grey), to_lps(white), brain, 1.0, (float(z), float(-y), float(-x)))


@lru_cache(maxsize=1)
def analytic_atlas() -> Atlas:
    """Ellipsoid brain with a folded cortex, ventricles, deep grey matter and a brain stem."""
    voxel = 1.5
    origin = (-72.0, -76.0, -75.0)
    shape = (104, 124, 101)
    rng = np.random.default_rng(152)
    axes = [o + voxel * np.arange(n, dtype=np.float32) for o, n in zip(origin, shape, strict=True)]
    s, p, x = np.meshgrid(*axes, indexing="ij", sparse=True)
    side = np.abs(x)

    def ellipsoid(centre: Triple, radii: Triple) -> Field:
        """Signed depth in mm (about): positive inside."""
        r = np.sqrt(
            ((s - centre[0]) / radii[0]) ** 2
            + ((p - centre[1]) / radii[1]) ** 2
            + ((side - centre[2]) / radii[2]) ** 2
        )
        return np.asarray((1 - r) * min(radii), np.float32)

    folds = noise(rng, shape, (voxel,) * 3, 11.0)
    cerebrum = np.maximum(
        ellipsoid((14, 16, 0), (66, 88, 69)), ellipsoid((-20, 4, 40), (28, 42, 27))
    )
    cerebrum = np.where(s + 34 + 0.12 * (p - 16) > 0, cerebrum, -5)
    below = np.maximum(
        ellipsoid((-36, 62, 22), (24, 28, 32)), ellipsoid((-40, 28, 0), (40, 13, 14))
    )
    depth = np.maximum(cerebrum, below)
    sulci = np.abs(folds) * 9 + np.maximum(depth - 4, 0) * 0.12  # sulci get thinner inwards
    sulci = np.minimum(
        sulci, np.where(cerebrum > below, side * 2.2 + np.maximum(15 - s, 0) * 0.3, 99)
    )
    ventricles = np.maximum.reduce(
        [
            ellipsoid((18, 4, 9), (9, 28, 6)),
            ellipsoid((10, 42, 24), (12, 17, 7)),
            ellipsoid((2, 20, 0), (12, 12, 3)),
        ]
    )
    deep = np.maximum(ellipsoid((8, 18, 11), (11, 15, 9)), ellipsoid((2, -2, 25), (11, 20, 6)))
    brain = step(depth, 1.0)
    fluid = np.maximum(step(ventricles, 0.8), step(1.6 - sulci, 0.8)) * brain
    matter = brain - fluid
    cortex = np.maximum(step(3.5 - depth, 1.0), step(5.0 - sulci, 1.2))
    grey = matter * np.maximum(cortex, step(deep, 1.0))
    return Atlas(grey, matter - grey, brain, voxel, origin)


@lru_cache(maxsize=8)
def _coarser(atlas: Atlas, factor: int) -> Atlas:
    grey, white, brain = (_block_means(image, factor) for image in atlas.images)
    s, p, x = (o + (factor - 1) / 2 * atlas.voxel for o in atlas.origin)
    return Atlas(grey, white, brain, atlas.voxel * factor, (s, p, x))


def _block_means(image: Field, factor: int) -> Field:
    padded = np.pad(image, [(0, -n % factor) for n in image.shape])
    a, b, c = (n // factor for n in padded.shape)
    return np.asarray(padded.reshape(a, factor, b, factor, c, factor).mean(axis=(1, 3, 5)))
