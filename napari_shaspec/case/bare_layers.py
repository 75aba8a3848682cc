"""Layers of which nothing says how large their voxels are and where they lie.

napari draws such an array in voxels of size 1 at the origin. Beside scans with a position it is
probably an array on their grid, e.g. a filtered scan, if it has the same shape.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from napari_shaspec.case.volume_sources import VolumeSource
from napari_shaspec.layers.metadata import origin
from shaspec.errors import InputError

if TYPE_CHECKING:
    from napari.layers import Layer


def is_bare(layer: Layer) -> bool:
    """Whether nothing says how large the voxels of a layer are, nor where they lie."""
    return (
        "grid" not in origin(layer)
        and bool(np.all(np.asarray(layer.scale) == 1))
        and not np.any(layer.translate)
        and np.array_equal(layer.affine.affine_matrix, np.eye(layer.ndim + 1))
        and all(str(unit) == "pixel" for unit in layer.units or ())
    )


def placed(parts: Sequence[VolumeSource]) -> tuple[list[VolumeSource], list[str]]:
    """The volumes of a case, with those of bare layers on the grid of one that has a position.

    Args:
        parts: the volumes of the ticked layers (3D).

    Returns:
        The volumes in the same order, and notices about those that were placed.

    Raises:
        InputError: for a bare layer that has the shape of no layer with a position.
    """
    known = [part for part in parts if not part.bare]
    found, said = [], []
    for part in parts:
        if not part.bare or not known or part.grid.matches(known[0].grid):
            found.append(part)
            continue
        like = next((one for one in known if one.data.shape == part.data.shape), None)
        if like is None:
            raise InputError(
                f"layer {part.layer!r} has no voxel size and position, and another shape than "
                f"{known[0].layer!r}: set its scale and translate in mm, or open its file with "
                "this plugin"
            )
        found.append(replace(part, place=like.place, bare=False))
        said.append(
            f"layer {part.layer!r} has no voxel size and position: its voxels were taken as those "
            f"of {like.layer!r}, which has the same shape"
        )
    return found, said
