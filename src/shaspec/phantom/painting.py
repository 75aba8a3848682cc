"""Paints organs one over the other, in all phases at once, together with their labels.

Later organs replace earlier ones: a kidney dents the liver, a vessel runs through it. The ground
truth is painted too, so image and labels always agree.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt

from shaspec.phantom.fields import Field
from shaspec.phantom.solids import Floats, Place, Solid

Levels = Mapping[str, tuple[float, ...]]
"""Tissue -> Hounsfield units in each phase."""


class Painting:
    """The painted body: Hounsfield units per phase, tissue and label of every voxel."""

    def __init__(self, place: Place, levels: Levels, rng: np.random.Generator) -> None:
        self.place, self.levels = place, levels
        self.tissues = tuple(levels)
        self._rng = rng
        shape = place.window.shape
        air = levels["air"]
        self.phases = [np.full(shape, hu, np.float32) for hu in air]
        self.tissue = np.full(shape, self.tissues.index("air"), np.uint8)
        """Index into ``tissues`` of the tissue that covers most of a voxel."""
        self.labels = np.zeros(shape, np.uint8)

    def paint(
        self,
        solid: Solid,
        tissue: str,
        *,
        label: int | None = 0,
        texture: tuple[float, float] | None = None,
        levels: Sequence[float | Floats] | None = None,
    ) -> npt.NDArray[np.bool_]:
        """Paints ``solid`` and returns the voxels (*box) that it covers by more than half.

        Args:
            solid: the shape.
            tissue: name of the tissue.
            label: of these voxels; None: unchanged.
            texture: standard deviation in HU and scale in mm of a texture, the same in all phases.
            levels: HU in each phase, numbers or fields (*box); default: those of the tissue.
        """
        box = solid.box
        cover = self.place.cover(solid.depth)
        inside = np.asarray(cover > 0.5)
        if not cover.size:
            return inside
        uneven: float | Field = 0.0
        if texture is not None:
            uneven = np.float32(texture[0]) * self.place.noise(self._rng, box, texture[1])
        for image, level in zip(self.phases, levels or self.levels[tissue], strict=True):
            image[box] += cover * (level + uneven - image[box])
        self.tissue[box][inside] = self.tissues.index(tissue)
        if label is not None:
            self.labels[box][inside] = label
        return inside

    def covered(self, tissue: str) -> npt.NDArray[np.bool_]:
        """Mask (*shape) of the voxels that show ``tissue``."""
        return np.asarray(self.tissue == self.tissues.index(tissue))
