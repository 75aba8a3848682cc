"""Which millimetres of the head a box of voxels shows."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from shaspec.phantom.fields import Lattice, Shape, Triple

CANVAS_CENTRE = np.array([77.0, 119.5, 119.5])
"""Centre of a BraTS volume (155 x 240 x 240 at 1 mm) in its own (S, P, L) mm."""
HEAD_EXTENT = np.array([155.0, 200.0, 160.0])
"""Millimetres that must be in view for the largest head to fit, about the centre of the canvas."""


@dataclass(frozen=True)
class Window:
    """A box of voxels of the output grid, in canvas millimetres."""

    shape: Shape
    voxel: Triple
    first: Triple
    """Canvas position (S, P, L) of voxel (0, 0, 0)."""

    @classmethod
    def of_grid(cls, shape: Shape, spacing: Triple) -> Window:
        """The whole grid: its centre is the canvas's, and a head too large for it is shrunk."""
        extent = np.array(shape) * spacing
        shrink = min(1.0, float((extent / HEAD_EXTENT).min()))
        voxel = np.array(spacing) / shrink
        first = CANVAS_CENTRE - (np.array(shape) - 1) / 2 * voxel
        return cls(shape, _triple(voxel), _triple(first))

    def crop(self, box: tuple[slice, slice, slice]) -> Window:
        """The part of the window inside ``box`` (voxels)."""
        start = np.array([b.start for b in box])
        shape = tuple(b.stop - b.start for b in box)
        first = np.array(self.first) + start * self.voxel
        return Window((shape[0], shape[1], shape[2]), self.voxel, _triple(first))

    def lattice(self, step: float) -> Lattice:
        """Control points every ``step`` mm, or every voxel if voxels are larger."""
        return Lattice(self.shape, self.voxel, max(step, *self.voxel))

    def positions(self, lattice: Lattice) -> npt.NDArray[np.float32]:
        """Canvas positions (3, *nodes) of control points."""
        axes = [lattice.positions(a) + self.first[a] for a in range(3)]
        return np.stack(np.meshgrid(*axes, indexing="ij")).astype(np.float32)

    @property
    def voxel_ml(self) -> float:
        """Millilitres of one voxel on the canvas."""
        return float(np.prod(self.voxel)) / 1000.0


def _triple(values: npt.NDArray[np.floating]) -> Triple:
    a, b, c = (float(v) for v in values)
    return a, b, c
