"""A label map as nested translucent surfaces: in 3D a labels layer shows its outer shell alone."""

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
"""From the innermost region outwards; the last one is for all regions further out."""
HEAD_OPACITY = 0.2
HEAD_COLOUR = "#d8d8e0"
HEAD_STEP_MM = 3.0
LIGHT = np.array([0.75, -0.6, 0.3]) / np.linalg.norm([0.75, -0.6, 0.3])
"""Where the light comes from in (S, P, L): above, before and a little left of the patient."""
SWELL = 0.3  # voxels: where two regions end at the same voxel, the outer one is drawn outside
MARGIN = 4  # voxels around a mask, so that the smoothed surface is closed


def region_surfaces(prediction: Prediction) -> Iterator[LayerDataTuple]:
    """One surface per region that is not empty, the innermost first: it is to be drawn first."""
    task = prediction.task
    colours = {label.value: label.colour for label in task.labels}
    regions = {region.name: region for region in task.regions}
    subset = task.subset_name(prediction.subset)
    what: LayerMetadata = {"kind": "surface", "case": prediction.case, "subset": subset}
    for rank, region in enumerate(regions[name] for name in task.reported_regions):
        mask = np.isin(prediction.labels, region.labels)
        if mask.any():
            yield _surface(
                mask,
                prediction.grid,
                f"3D · {region.name}",
                colours[region.paints],
                OPACITIES[min(rank, len(OPACITIES) - 1)],
                {**what, "grid": prediction.grid},
                swell=rank * SWELL,
            )


def head_surface(
    volume: Array, grid: Grid, case: str, window: tuple[float, float] | None = None
) -> LayerDataTuple | None:
    """The outline of what was scanned (a head, a brain), so that one sees where a region lies.

    ``window`` (of a CT): what is brighter than its dark end is body, and the rest is air.
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
    what: LayerMetadata = {"kind": "surface", "case": case, "grid": grid}
    name = "3D · body" if window else "3D · head"
    return _surface(coarse, coarse_grid, name, HEAD_COLOUR, HEAD_OPACITY, what, fill=True)


def _surface(
    mask: Array,
    grid: Grid,
    name: str,
    colour: str,
    opacity: float,
    what: LayerMetadata,
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
        # napari's own shading lights flipped axes from behind; so the light is in the colours.
        "shading": "none",
        "vertex_colors": lit(normals, colour),
        "metadata": {KEY: what},
        **placement(grid),
    }
    return (vertices, faces), options, "surface"


def mesh(mask: Array, *, fill: bool = False) -> tuple[Array, Array, Array]:
    """Vertices (n, 3) in voxels of ``mask``, triangles (m, 3), and outward normals (n, 3)."""
    from scipy import ndimage
    from skimage.measure import marching_cubes

    box = ndimage.find_objects(mask.astype(np.uint8))[0]
    inside = np.pad(mask[box], MARGIN)
    if fill:
        inside = ndimage.binary_fill_holes(inside)
    smooth = ndimage.gaussian_filter(inside.astype(np.float32), 1.0)
    level = min(0.5, float(smooth.max()) * 0.5)  # a single voxel keeps a surface too
    vertices, faces, normals, _ = marching_cubes(smooth, level, gradient_direction="descent")
    return vertices - MARGIN + [s.start for s in box], faces, normals


def lit(normals: Array, colour: str) -> Array:
    """Vertex colours (n, 4): ``colour`` under a lamp that stands still in the room."""
    rgb = np.array([int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)])
    brightness = 0.68 + 0.32 * normals @ LIGHT
    colours = np.clip(brightness[:, None] * rgb, 0, 1)
    return np.column_stack([colours, np.ones(len(colours))]).astype(np.float32)
