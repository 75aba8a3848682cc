"""The part of a phantom that a box of voxels shows."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from shaspec.errors import InputError
from shaspec.phantom.fields import Lattice, Shape, Triple

SMALLEST = 8
"""Minimum number of voxels per axis."""


@dataclass(frozen=True)
class Window:
    """A box of voxels of the output grid, in canvas millimetres."""

    shape: Shape
    voxel: Triple
    first: Triple
    """Canvas position (S, P, L) of voxel (0, 0, 0)."""

    @classmethod
    def of_grid(cls, shape: Shape, spacing: Triple, centre: Triple, extent: Triple) -> Window:
        """The grid centred on ``centre``, showing at least ``extent`` mm (both canvas, (S, P, L)).

        If the grid is too small, its voxels cover more of the canvas: all axes by the same factor,
        but none by so much that the voxels beside the centre miss what is to be seen.
        """
        shrink = min(1.0, float((np.array(shape) * spacing / extent).min()))
        largest = np.maximum(np.array(extent) / 4, spacing)
        voxel = np.minimum(np.array(spacing) / shrink, largest)
        first = np.array(centre) - (np.array(shape) - 1) / 2 * voxel
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


def checked(shape: tuple[int, ...], spacing: tuple[float, ...]) -> tuple[Shape, Triple]:
    """Checks shape and voxel size (mm); raises `InputError` if they are invalid."""
    if np.shape(shape) != (3,) or min(shape) < SMALLEST:
        raise InputError(f"a phantom needs three axes of at least {SMALLEST} voxels, not {shape}")
    if np.shape(spacing) != (3,) or not all(np.isfinite(v) and v > 0 for v in spacing):
        raise InputError(
            f"the voxel size of a phantom must be three positive numbers in mm, not {spacing}"
        )
    s, p, x = (int(n) for n in shape)
    return (s, p, x), _triple(np.array(spacing, float))


def _triple(values: npt.NDArray[np.floating]) -> Triple:
    a, b, c = (float(v) for v in values)
    return a, b, c
