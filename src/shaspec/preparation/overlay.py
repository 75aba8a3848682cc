"""Pictures to judge by: two scans as a checkerboard, edges of a scan, the outline of a mask."""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt
from matplotlib.figure import Figure
from scipy import ndimage

from shaspec.geometry import Grid

Array = npt.NDArray[Any]

FIELD_MM = 24.0  # size of a field of the checkerboard
EDGES = 93.0  # percentile of the gradient above which a voxel is an edge
BRIGHTEST = 99.8
INCHES = 3.0


def overlay_png(fixed: Array, moved: Array, grid: Grid, names: tuple[str, str]) -> bytes:
    """Three orthogonal slices through the middle of the head, in two rows.

    Above, fields of both scans alternate: outlines must continue from field to field. Below, the
    edges of the moved scan lie over the reference.

    Args:
        fixed: (S, P, L), the reference.
        moved: (S, P, L), the other scan on the same grid.
        grid: the grid of both.
        names: of ``fixed`` and ``moved``, for the title.

    Returns:
        A PNG file.
    """
    one, other = scaled(fixed), scaled(moved)
    slices = list(_middles(one, other, grid, one > 0.05))
    rows = [
        [(checkerboard(a, b, own), own) for a, b, own in slices],
        [(edges_over(a, b), own) for a, b, own in slices],
    ]
    return _png(rows, f"{names[1]} on {names[0]}")


def mask_png(scan: Array, mask: Array, grid: Grid, name: str) -> bytes:
    """The outline of a mask over three orthogonal slices of a scan.

    Args:
        scan: (S, P, L).
        mask: (S, P, L) on the same grid; not empty.
        grid: the grid of both.
        name: of the scan, for the title.

    Returns:
        A PNG file.
    """
    slices = _middles(scaled(scan), mask, grid, mask)
    return _png([[(_outline_over(a, m), own) for a, m, own in slices]], f"brain in {name}")


def _middles(
    one: Array, other: Array, grid: Grid, inside: Array
) -> Iterator[tuple[Array, Array, list[float]]]:
    """Orthogonal slices of two volumes through the middle of a mask, and their pixel sizes."""
    middle = [round(float(c)) for c in ndimage.center_of_mass(inside)]
    for axis in range(3):
        own = [size for k, size in enumerate(grid.spacing) if k != axis]
        a, b = (np.take(v, middle[axis], axis) for v in (one, other))
        # Coronal and sagittal: the head above, the feet below.
        yield (a[::-1], b[::-1], own) if axis else (a, b, own)


def _png(rows: list[list[tuple[Array, list[float]]]], title: str) -> bytes:
    """Pictures with their pixel sizes in a grid."""
    figure = Figure((3 * INCHES, len(rows) * INCHES), facecolor="black", layout="constrained")
    figure.suptitle(title, color="white")
    panes = figure.subplots(len(rows), 3, squeeze=False)
    for line, pictures in zip(panes, rows, strict=True):
        for pane, (picture, own) in zip(line, pictures, strict=True):
            pane.imshow(picture, cmap="gray", vmin=0, vmax=1, aspect=own[0] / own[1])
            pane.set_axis_off()
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=110)
    return buffer.getvalue()


def scaled(volume: Array) -> npt.NDArray[np.float32]:
    """Intensities from 0 to 1."""
    values = volume.astype(np.float32) - float(volume.min())
    top = float(np.percentile(values[values > 0], BRIGHTEST)) if (values > 0).any() else 1.0
    return np.asarray(np.clip(values / max(top, 1e-9), 0, 1), np.float32)


def checkerboard(a: Array, b: Array, spacing: list[float]) -> Array:
    """Fields of two slices in turn; ``spacing`` of their pixels in mm."""
    rows, columns = (
        (np.arange(n) * mm // FIELD_MM).astype(int) for n, mm in zip(a.shape, spacing, strict=True)
    )
    return np.where((rows[:, None] + columns) % 2, a, b)


def edges_over(a: Array, b: Array) -> Array:
    """RGB (h, w, 3): ``a`` in grey, the edges of ``b`` in orange."""
    steepness = ndimage.gaussian_gradient_magnitude(b, 1.0)
    return _marked(a, steepness > max(float(np.percentile(steepness, EDGES)), 1e-6))


def _outline_over(a: Array, mask: Array) -> Array:
    """RGB (h, w, 3): ``a`` in grey, the border of a mask in orange."""
    return _marked(a, mask & ~ndimage.binary_erosion(mask))


def _marked(a: Array, where: Array) -> Array:
    picture = np.repeat(a[..., None], 3, axis=2)
    picture[where] = (1.0, 0.6, 0.1)
    return picture
