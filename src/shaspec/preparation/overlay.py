"""Pictures to judge a registration by: a checkerboard of both scans, and edges over a scan."""

from __future__ import annotations

import io
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
    one, other = _scaled(fixed), _scaled(moved)
    middle = [round(float(c)) for c in ndimage.center_of_mass(one > 0.05)]
    figure = Figure((3 * INCHES, 2 * INCHES), facecolor="black", layout="constrained")
    figure.suptitle(f"{names[1]} on {names[0]}", color="white")
    for column, axis in enumerate(range(3)):
        own = [size for k, size in enumerate(grid.spacing) if k != axis]
        a, b = (np.take(v, middle[axis], axis) for v in (one, other))
        if axis > 0:  # coronal and sagittal: the head above, the feet below
            a, b = a[::-1], b[::-1]
        pictures = (_checkerboard(a, b, own), _edges_over(a, b))
        for row, picture in enumerate(pictures):
            pane = figure.add_subplot(2, 3, 3 * row + column + 1)
            pane.imshow(picture, cmap="gray", vmin=0, vmax=1, aspect=own[0] / own[1])
            pane.set_axis_off()
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=110)
    return buffer.getvalue()


def _scaled(volume: Array) -> npt.NDArray[np.float32]:
    """Intensities from 0 to 1."""
    values = volume.astype(np.float32) - float(volume.min())
    top = float(np.percentile(values[values > 0], BRIGHTEST)) if (values > 0).any() else 1.0
    return np.asarray(np.clip(values / max(top, 1e-9), 0, 1), np.float32)


def _checkerboard(a: Array, b: Array, spacing: list[float]) -> Array:
    rows, columns = (
        (np.arange(n) * mm // FIELD_MM).astype(int) for n, mm in zip(a.shape, spacing, strict=True)
    )
    return np.where((rows[:, None] + columns) % 2, a, b)


def _edges_over(a: Array, b: Array) -> Array:
    """RGB (h, w, 3): ``a`` in grey, the edges of ``b`` in orange."""
    steepness = ndimage.gaussian_gradient_magnitude(b, 1.0)
    edges = steepness > max(float(np.percentile(steepness, EDGES)), 1e-6)
    picture = np.repeat(a[..., None], 3, axis=2)
    picture[edges] = (1.0, 0.6, 0.1)
    return picture
