"""HD95: the 95th percentile of the Hausdorff distance, in the definition used by BraTS.

It is the definition of google-deepmind/surface-distance (Nikolov et al. 2018, arXiv:1809.04430).
The surface of a mask is a set of elements, one in every cube of 2x2x2 voxels that is neither
completely inside nor completely outside. The weight of an element is its area from marching cubes;
its distance is that to the nearest element of the other surface. Other definitions (surface voxels
of equal weight, both directions pooled) differ by several per cent.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from scipy.spatial import KDTree

ROUNDING = 1e-6
"""Relative rounding error of a sum of areas, which marching cubes returns in single precision."""

Mask = npt.NDArray[np.bool_]
Box = tuple[slice, ...]


class Surface:
    """The surface of a mask (2D or 3D); empty if the mask is.

    Args:
        mask: voxels of the region. Everything beyond the array is outside.
        spacing: voxel size in mm, one per axis of ``mask``; 1 for pixels, then all lengths are in
            pixels.
        origin: index of the first voxel, for a mask cropped from a larger array.
    """

    def __init__(
        self, mask: Mask, spacing: Sequence[float], origin: Sequence[int] | None = None
    ) -> None:
        patterns: npt.NDArray[np.uint8] = np.pad(mask, 1).astype(np.uint8)
        for axis, bits in enumerate((1, 2, 4)[: mask.ndim]):  # pairs, then squares, then cubes
            along = np.moveaxis(patterns, axis, 0)
            patterns = np.moveaxis(along[:-1] | along[1:] << np.uint8(bits), 0, axis)
        elements = np.nonzero((patterns > 0) & (patterns < 2**2**mask.ndim - 1))
        first = np.zeros(mask.ndim) if origin is None else np.asarray(origin)
        self.points = (np.stack(elements, axis=1) + first) * np.asarray(spacing, np.float64)
        """Positions in mm (n, dims), up to a shift that is the same for all surfaces."""
        self.areas = element_areas(tuple(float(s) for s in spacing))[patterns[elements]]
        """Area of each element in mm2 (n,); length in mm for a 2D mask."""

    def __len__(self) -> int:
        return len(self.points)

    @cached_property
    def tree(self) -> KDTree:
        """KD-tree of the elements; cached, because one truth is compared with many predictions."""
        from scipy.spatial import KDTree

        return KDTree(self.points, balanced_tree=False, compact_nodes=False)

    def distance_to(self, other: Surface, share: float) -> float:
        """The distance in mm to ``other`` that covers ``share`` of this surface's area."""
        distances, _ = other.tree.query(self.points)
        order = np.argsort(distances)
        area = np.cumsum(self.areas[order])
        # With tolerance: areas are rounded, and a share reached exactly must count as reached.
        index = int(np.searchsorted(area / area[-1], share - ROUNDING))
        return float(distances[order][min(index, len(order) - 1)])


def hd95(predicted: Surface, truth: Surface, one_empty: float) -> float:
    """95th percentile of the Hausdorff distance in mm: the maximum of the two directions.

    Both empty: 0. One empty: ``one_empty``; BraTS uses the diagonal of its images, 373.13 mm.
    """
    if not len(predicted) or not len(truth):
        return 0.0 if len(predicted) == len(truth) else one_empty
    return max(predicted.distance_to(truth, 0.95), truth.distance_to(predicted, 0.95))


def diagonal(shape: Sequence[int], spacing: Sequence[float]) -> float:
    """Diagonal of an image in mm; 373.13 for BraTS (155x240x240 voxels of 1 mm)."""
    return float(np.linalg.norm(np.multiply(shape, spacing)))


def bounding_box(mask: npt.NDArray[Any]) -> Box:
    """The smallest box that contains ``mask``; of zero size if it is empty."""
    axes = range(mask.ndim)
    hits = [np.flatnonzero(mask.any(axis=tuple(b for b in axes if b != a))) for a in axes]
    return tuple(slice(int(h[0]), int(h[-1]) + 1) if len(h) else slice(0, 0) for h in hits)


@lru_cache(maxsize=64)
def element_areas(spacing: tuple[float, ...]) -> npt.NDArray[np.float64]:
    """Area of the surface inside a cell of 2^dims voxels, for all 2^2^dims patterns.

    Bit i of a pattern is the i-th corner of the cell, the first axis being the fastest; corners are
    voxel centres, and the surface cuts an edge in its middle. As in the original marching cubes
    (Lorensen and Cline 1987), a pattern and its complement have the same surface; the one with
    fewer corners inside is measured.
    """
    dims = len(spacing)
    bits = np.arange(2**2**dims)[:, None] >> np.arange(2**dims) & 1
    mostly_inside = bits.mean(axis=1, keepdims=True) > 0.5
    cells = np.where(mostly_inside, 1 - bits, bits).reshape(-1, *(2,) * dims).swapaxes(1, dims)
    measure = _area if dims == 3 else _length
    return np.array([measure(cell, spacing) if cell.any() else 0.0 for cell in cells])


def _area(cell: npt.NDArray[Any], spacing: tuple[float, ...]) -> float:
    from skimage.measure import marching_cubes, mesh_surface_area  # slow to import

    vertices, faces, *_ = marching_cubes(
        cell.astype(np.float32), 0.5, spacing=spacing, method="lorensen", allow_degenerate=False
    )
    return float(mesh_surface_area(vertices, faces))


def _length(cell: npt.NDArray[Any], spacing: tuple[float, ...]) -> float:
    slanted = math.hypot(*spacing) / 2
    if cell.sum() != 2:
        return slanted  # cuts one corner off
    if cell[0, 0] == cell[1, 1]:
        return 2 * slanted  # two corners that touch across the cell
    return spacing[1] if cell[0, 0] == cell[0, 1] else spacing[0]
