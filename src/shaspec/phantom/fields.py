"""Smooth random fields and blurs, implemented with one small matrix per axis.

A field that varies over 20 mm needs few random numbers: it is drawn on a coarse lattice and
interpolated with cubic B-splines. Splines, blurs and thick slices are linear and separable, so each
is a matrix product per axis, which is much faster than generic resampling.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Field = npt.NDArray[np.float32]
Triple = tuple[float, float, float]
Shape = tuple[int, int, int]

_SPLINE_POWER = 151.0 / 315.0  # mean over the phase of the sum of squared cubic B-spline weights


@dataclass(frozen=True)
class Lattice:
    """Control points every ``step`` mm over ``shape`` voxels of ``voxel`` mm (both (S, P, L)).

    Control point j of an axis lies at (j - 1) * step mm from the centre of the first voxel, so one
    point sticks out on either side, as cubic splines want.
    """

    shape: Shape
    voxel: Triple
    step: float

    @property
    def nodes(self) -> Shape:
        """Number of control points per axis."""
        counts = [
            int(np.ceil((n - 1) * v / self.step)) + 3
            for n, v in zip(self.shape, self.voxel, strict=True)
        ]
        return counts[0], counts[1], counts[2]

    def positions(self, axis: int) -> npt.NDArray[np.float64]:
        """Control points along ``axis`` in mm from the centre of voxel 0."""
        return np.asarray((np.arange(self.nodes[axis]) - 1.0) * self.step, np.float64)

    def nearest_voxels(self) -> tuple[npt.NDArray[np.intp], ...]:
        """Open mesh of the voxel next to every control point, for `numpy` indexing."""
        axes = [
            np.clip(np.rint(self.positions(a) / self.voxel[a]), 0, self.shape[a] - 1)
            for a in range(3)
        ]
        return np.ix_(*[a.astype(np.intp) for a in axes])

    def upsample(self, points: npt.NDArray[np.floating]) -> Field:
        """Control points (*nodes) -> smooth field (*shape)."""
        return separable(points, [self._splines(axis) for axis in range(3)])

    def _splines(self, axis: int) -> Field:
        t = np.arange(self.shape[axis]) * self.voxel[axis] / self.step
        first = np.floor(t).astype(np.intp)
        f = (t - first).astype(np.float32)
        weights = (
            (1 - f) ** 3 / 6,
            (3 * f**3 - 6 * f**2 + 4) / 6,
            (-3 * f**3 + 3 * f**2 + 3 * f + 1) / 6,
            f**3 / 6,
        )
        matrix = np.zeros((len(t), self.nodes[axis]), np.float32)
        for k, weight in enumerate(weights):
            matrix[np.arange(len(t)), np.minimum(first + k, self.nodes[axis] - 1)] += weight
        return matrix


def separable(array: npt.NDArray[np.floating], matrices: list[Field]) -> Field:
    """Applies one (new, old) matrix to each axis of a 3D array."""
    out = np.asarray(array, np.float32)
    a, b, c = out.shape
    out = (matrices[0] @ out.reshape(a, b * c)).reshape(-1, b, c)
    out = np.matmul(matrices[1], out)
    return np.asarray(out @ matrices[2].T)


def noise(rng: np.random.Generator, shape: Shape, voxel: Triple, scale: float) -> Field:
    """Gaussian field (*shape), mean 0, standard deviation about 1, smooth over ``scale`` mm."""
    step = max(scale, *voxel)
    lattice = Lattice(shape, voxel, step)
    points = rng.standard_normal(lattice.nodes, np.float32) / np.float32(_SPLINE_POWER**1.5)
    return lattice.upsample(points)


def blur_matrix(n: int, sigma: float) -> Field:
    """(n, n) Gaussian blur of ``sigma`` voxels; the border is repeated."""
    if sigma < 0.2:
        return np.eye(n, dtype=np.float32)
    radius = int(np.ceil(3 * sigma))
    kernel = np.exp(-0.5 * (np.arange(-radius, radius + 1) / sigma) ** 2)
    kernel /= kernel.sum()
    matrix = np.zeros((n, n), np.float32)
    rows = np.arange(n)
    for offset, weight in zip(range(-radius, radius + 1), kernel, strict=True):
        matrix[rows, np.clip(rows + offset, 0, n - 1)] += np.float32(weight)
    return matrix


def slice_matrix(n: int, thickness: float, phase: float) -> Field:
    """(n, n) matrix of slices of ``thickness`` voxels: averaging, then linear interpolation.

    ``phase`` in [0, 1) shifts the slices against the voxels.
    """
    if thickness <= 1.0:
        return np.eye(n, dtype=np.float32)
    centres = np.arange(-phase * thickness, n - 1 + thickness, thickness)
    distance = np.abs(np.arange(n)[None] - centres[:, None])
    average = np.clip((thickness + 1) / 2 - distance, 0, 1)
    totals = average.sum(axis=1, keepdims=True)
    centres, average = centres[totals[:, 0] > 0], average[totals[:, 0] > 0]
    average /= average.sum(axis=1, keepdims=True)
    back = np.clip(1 - np.abs(np.arange(n)[:, None] - centres[None]) / thickness, 0, None)
    back[back.sum(axis=1) == 0, -1] = 1.0
    back /= back.sum(axis=1, keepdims=True)
    return np.asarray(back @ average, np.float32)


def blur(array: Field, voxel: Triple, sigma: float) -> Field:
    """Gaussian blur of ``sigma`` mm."""
    matrices = [blur_matrix(n, sigma / v) for n, v in zip(array.shape, voxel, strict=True)]
    return separable(array, matrices)


def step(values: npt.NDArray[np.floating], width: float) -> Field:
    """Soft step from 0 to 1 about 0, ``width`` wide (a logistic curve that does not overflow)."""
    return np.asarray(0.5 + 0.5 * np.tanh(np.asarray(values, np.float32) / np.float32(width)))
