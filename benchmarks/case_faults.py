"""Faults that `findings.py` makes into sound cases, each for the check that should see it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import ndimage
from scipy.spatial.transform import Rotation

from shaspec.geometry import Grid

Array = npt.NDArray[Any]
Volumes = dict[str, Array]
Fault = Callable[[Volumes, Grid, np.random.Generator], tuple[Volumes, Grid]]

SKULL_MM = (4.0, 11.0)  # from the brain
SCALP_MM = 18.0
SCALP = {"FLAIR": 0.8, "T1": 1.5, "T1ce": 1.5, "T2": 0.9}  # of the median of the brain
BONE = 0.15
MARGIN = 11  # voxels of 2 mm around the brain
SLAB = 24  # slices of 2 mm


def _random_axis(rng: np.random.Generator) -> Array:
    axis = rng.normal(size=3)
    return np.asarray(axis / np.linalg.norm(axis))


def _moved(volumes: Volumes, rng: np.random.Generator, matrix: Array, shift: Array) -> Volumes:
    """One of the modalities resampled as if the head had moved."""
    name = list(volumes)[rng.integers(len(volumes))]
    centre = (np.array(volumes[name].shape) - 1) / 2
    offset = centre - matrix @ centre + shift
    return volumes | {name: ndimage.affine_transform(volumes[name], matrix, offset, order=0)}


def shifted(mm: float) -> Fault:
    """Shift one modality in a random direction."""
    return lambda volumes, grid, rng: (
        _moved(volumes, rng, np.eye(3), mm * _random_axis(rng)),
        grid,
    )


def turned(degrees: float) -> Fault:
    """Turn one modality about a random axis."""

    def fault(volumes: Volumes, grid: Grid, rng: np.random.Generator) -> tuple[Volumes, Grid]:
        turn = Rotation.from_rotvec(degrees * _random_axis(rng), degrees=True).as_matrix()
        return _moved(volumes, rng, turn, np.zeros(3)), grid

    return fault


def one_mirrored(volumes: Volumes, grid: Grid, rng: np.random.Generator) -> tuple[Volumes, Grid]:
    """One scan mirrored, left for right, under an unchanged header."""
    name = str(rng.choice(list(volumes)))
    return volumes | {name: np.ascontiguousarray(volumes[name][..., ::-1])}, grid


def in_head(volumes: Volumes, grid: Grid, rng: np.random.Generator) -> tuple[Volumes, Grid]:
    """The brain inside a dark skull and a scalp, in voxels of 2 mm."""
    padded = {name: np.pad(volume[::2, ::2, ::2], MARGIN) for name, volume in volumes.items()}
    brain = np.logical_or.reduce([volume > 0 for volume in padded.values()])
    brain = ndimage.binary_fill_holes(brain)
    spacing = tuple(2 * mm for mm in grid.spacing)
    away = ndimage.distance_transform_edt(~brain, sampling=spacing)
    layers = [(away > a) & (away <= b) for a, b in pairwise((0.0, *SKULL_MM, SCALP_MM))]
    found = {}
    for name, volume in padded.items():
        middle = np.median(volume[volume > 0])
        noise = middle * rng.normal(1, 0.1, volume.shape)
        level = np.select(layers, [0.5, BONE, SCALP[name]], 0)
        found[name] = np.where(brain, volume, (level * noise).clip(0)).astype(volume.dtype)
    return found, Grid(brain.shape, spacing)


def slab_of_head(volumes: Volumes, grid: Grid, rng: np.random.Generator) -> tuple[Volumes, Grid]:
    """Some slices of the same, with less foreground than a brain."""
    whole, grid = in_head(volumes, grid, rng)
    middle = grid.shape[0] // 2
    part = {name: v[middle - SLAB // 2 : middle + SLAB // 2] for name, v in whole.items()}
    return part, Grid((SLAB, *grid.shape[1:]), grid.spacing)


def swapped(one: str, other: str) -> Fault:
    """Swap two modalities."""

    def fault(volumes: Volumes, grid: Grid, _: np.random.Generator) -> tuple[Volumes, Grid]:
        return volumes | {one: volumes[other], other: volumes[one]}, grid

    return fault


def misnamed(one: str, other: str) -> Fault:
    """Use ``other`` as ``one``, without ``other``."""

    def fault(volumes: Volumes, grid: Grid, _: np.random.Generator) -> tuple[Volumes, Grid]:
        return {n: v for n, v in (volumes | {one: volumes[other]}).items() if n != other}, grid

    return fault


def transposed(*order: int) -> Fault:
    """Bare arrays with another axis order."""

    def fault(volumes: Volumes, grid: Grid, _: np.random.Generator) -> tuple[Volumes, Grid]:
        shape, spacing = (tuple(values[a] for a in order) for values in (grid.shape, grid.spacing))
        return {n: v.transpose(order) for n, v in volumes.items()}, Grid(shape, spacing)

    return fault


def as_ct(volumes: Volumes, grid: Grid, _: np.random.Generator) -> tuple[Volumes, Grid]:
    """CT of a head in place of the last modality."""
    name = list(volumes)[-1]
    volume = volumes[name].astype(np.float32)
    units = np.where(volume > 0, 60 * volume / volume.max(), -1000).astype(np.int16)
    return volumes | {name: units}, grid


def as_noise(volumes: Volumes, grid: Grid, rng: np.random.Generator) -> tuple[Volumes, Grid]:
    """Noise inside the head in place of one scan."""
    name = str(rng.choice(list(volumes)))
    inside = volumes[name] > 0
    noise = rng.normal(1000, 200, volumes[name].shape).clip(1)
    return volumes | {name: np.where(inside, noise, 0).astype(np.int16)}, grid


def half(axis: int) -> Fault:
    """One scan without the half of the head along an axis."""

    def fault(volumes: Volumes, grid: Grid, rng: np.random.Generator) -> tuple[Volumes, Grid]:
        name = str(rng.choice(list(volumes)))
        part = volumes[name].copy()
        part[(slice(None),) * axis + (slice(part.shape[axis] // 2),)] = 0
        return volumes | {name: part}, grid

    return fault


def scaled(factor: float) -> Fault:
    """A header with wrong voxel sizes."""

    def fault(volumes: Volumes, grid: Grid, _: np.random.Generator) -> tuple[Volumes, Grid]:
        return volumes, replace(grid, spacing=tuple(factor * mm for mm in grid.spacing))

    return fault


BRAIN_FAULTS: Mapping[str, tuple[str, Fault]] = {
    "one scan shifted by 8 mm": ("apart register", shifted(8.0)),
    "one scan shifted by 15 mm": ("apart register", shifted(15.0)),
    "one scan shifted by 40 mm": ("apart register", shifted(40.0)),
    "one scan turned by 10 degrees": ("apart register", turned(10.0)),
    "one scan turned by 15 degrees": ("apart register", turned(15.0)),
    "one scan turned by 30 degrees": ("apart register", turned(30.0)),
    "one scan mirrored": ("mirrored", one_mirrored),
    "brain in a made-up head": ("skull", in_head),
    "slab of such a head": ("skull", slab_of_head),
    "FLAIR and T2 swapped": ("contrast", swapped("FLAIR", "T2")),
    "T1 and T2 swapped": ("contrast", swapped("T1", "T2")),
    "T1 and T1ce swapped": ("contrast", swapped("T1", "T1ce")),
    "T1ce and T2 swapped": ("contrast", swapped("T1ce", "T2")),
    "T1 and FLAIR swapped": ("contrast", swapped("T1", "FLAIR")),
    "T1ce and FLAIR swapped": ("contrast", swapped("T1ce", "FLAIR")),
    "T2 as FLAIR, no T2": ("contrast", misnamed("FLAIR", "T2")),
    "FLAIR as T2, no FLAIR": ("contrast", misnamed("T2", "FLAIR")),
    "axes (left, posterior, superior)": ("axes", transposed(2, 1, 0)),
    "axes (posterior, left, superior)": ("axes", transposed(1, 2, 0)),
    "CT in place of T2": ("unit", as_ct),
    "noise in place of one scan": ("noise", as_noise),
    "one scan without its lower half": ("cut apart", half(0)),
    "one scan without its front half": ("cut apart", half(1)),
    "voxel size a tenth": ("size", scaled(0.1)),
}
"""Fault -> the check that should see it, and what makes it into a case."""
ABDOMEN_FAULTS: Mapping[str, tuple[str, Fault]] = {
    "voxel size a half": ("size", scaled(0.5)),
}
