"""A label map as nested translucent surfaces; in 3D a labels layer shows only its outer surface."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from napari_shaspec.layers.metadata import KEY, LayerMetadata, placement
from shaspec.geometry import Grid
from shaspec.prediction import Prediction
from shaspec.preprocessing import background, foreground

if TYPE_CHECKING:
    from napari.types import LayerDataTuple

Array = npt.NDArray[Any]

OPACITIES = (0.9, 0.35, 0.3)
"""From the innermost region outwards; the last value is for all further regions."""
HEAD_OPACITY = 0.2
HEAD_COLOUR = "#d8d8e0"
HEAD_STEP_MM = 3.0
LIGHT = np.array([0.75, -0.6, 0.3]) / np.linalg.norm([0.75, -0.6, 0.3])
"""Direction of the light (S, P, L): above, in front of and a little left of the patient."""
SWELL = 0.3  # voxels; draws the outer of two regions outside if both end at the same voxel
MARGIN = 4  # voxels around a mask, so that the smoothed surface is closed


def region_surfaces(prediction: Prediction) -> Iterator[LayerDataTuple]:
    """One surface per non-empty region, the innermost first, because it must be drawn first."""
    task = prediction.task
    colours = {label.value: label.colour for label in task.labels}
    regions = {region.name: region for region in task.regions}
    subset = task.subset_name(prediction.subset)
    metadata: LayerMetadata = {"kind": "surface", "case": prediction.case, "subset": subset}
    for rank, region in enumerate(regions[name] for name in task.reported_regions):
        mask = np.isin(prediction.labels, region.labels)
        if mask.any():
            yield _surface(
                mask,
                prediction.grid,
                f"3D · {region.name}",
                colours[region.paints],
                OPACITIES[min(rank, len(OPACITIES) - 1)],
                {**metadata, "grid": prediction.grid},
                swell=rank * SWELL,
            )


def head_surface(
    volume: Array, grid: Grid, case: str, window: tuple[float, float] | None = None
) -> LayerDataTuple | None:
    """The outline of the scanned anatomy (a head, a brain) for orientation.

    ``window`` (CT): voxels above its lower end are body, the others are air.
    """
    step = max(1, round(HEAD_STEP_MM / max(grid.spacing)))
    coarse = volume[::step, ::step, ::step]
    if window is None:
        inside = foreground(coarse, background(coarse))
        if inside.all():
            return None
    else:
        inside = np.asarray(coarse > window[0])
    if not inside.any():
        return None
    coarse = np.ascontiguousarray(inside)
    s, p, la = coarse.shape
    a, b, c = (step * v for v in grid.spacing)
    coarse_grid = Grid((s, p, la), (a, b, c), grid.origin)
    metadata: LayerMetadata = {"kind": "surface", "case": case, "grid": grid}
    name = "3D · body" if window else "3D · head"
    return _surface(coarse, coarse_grid, name, HEAD_COLOUR, HEAD_OPACITY, metadata, fill=True)


def _surface(
    mask: Array,
    grid: Grid,
    name: str,
    colour: str,
    opacity: float,
    metadata: LayerMetadata,
    *,
    fill: bool = False,
    swell: float = 0.0,
) -> LayerDataTuple:
    vertices, faces, normals = mesh(mask, fill=fill)
    vertices = vertices + swell * normals
    options = {
        "name": name,
        "opacity": opacity,
        "blending": "translucent",
        # napari's shading lights flipped axes from behind, so the light is in the vertex colours.
        "shading": "none",
        "vertex_colors": lit(normals, colour),
        "metadata": {KEY: metadata},
        **placement(grid),
    }
    return (vertices, faces), options, "surface"


def mesh(mask: Array, *, fill: bool = False) -> tuple[Array, Array, Array]:
    """Vertices (n, 3) in voxels of ``mask``, triangles (m, 3) and outward normals (n, 3)."""
    from scipy import ndimage
    from skimage.measure import marching_cubes

    box = ndimage.find_objects(mask.astype(np.uint8))[0]
    inside = np.pad(mask[box], MARGIN)
    if fill:
        inside = ndimage.binary_fill_holes(inside)
    smooth = ndimage.gaussian_filter(inside.astype(np.float32), 1.0)
    level = min(0.5, float(smooth.max()) * 0.5)  # for masks of a single voxel
    vertices, faces, normals, _ = marching_cubes(smooth, level, gradient_direction="descent")
    return vertices - MARGIN + [s.start for s in box], faces, normals


def lit(normals: Array, colour: str) -> Array:
    """Vertex colours (n, 4): ``colour`` lit from the fixed direction `LIGHT`."""
    rgb = np.array([int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)])
    brightness = 0.68 + 0.32 * normals @ LIGHT
    colours = np.clip(brightness[:, None] * rgb, 0, 1)
    return np.column_stack([colours, np.ones(len(colours))]).astype(np.float32)
