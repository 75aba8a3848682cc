"""The phantom of the BraTS task: a skull-stripped head with a glioma in FLAIR, T1, T1ce and T2."""

from __future__ import annotations

import numpy as np

from shaspec.case import Case
from shaspec.errors import InputError
from shaspec.geometry import Grid
from shaspec.phantom.atlas import Atlas, load_atlas
from shaspec.phantom.fields import Field
from shaspec.phantom.head import Bend, depth_below, make_tissues, sample
from shaspec.phantom.scan import draw_scene, scan
from shaspec.phantom.tumour import draw_plan, grow, mass_effect
from shaspec.phantom.window import Window
from shaspec.task import load_task

SMALLEST = 8
"""Voxels along each axis below which there is no head to speak of."""


def make_glioma(
    seed: int, shape: tuple[int, int, int], spacing: tuple[float, float, float]
) -> Case:
    """See `shaspec.phantom.make_case`."""
    grid = _grid(shape, spacing)
    task = load_task("brats")
    atlas, notices = load_atlas()
    # Anatomy, tumour and scanner draw from streams of their own.
    body, growth, scanner = (
        np.random.default_rng(s) for s in np.random.SeedSequence(seed).spawn(3)
    )
    bend = Bend.draw(body, atlas)
    whole = Window.of_grid(shape, spacing)
    box = _brain_box(atlas, bend, whole)
    window = whole.crop(box)

    lattice = window.lattice(4.0)
    canvas = window.positions(lattice)
    source = bend.to_atlas(canvas)
    white, brain = sample(atlas, atlas.white, source), sample(atlas, atlas.brain, source)
    depth = depth_below(brain > 0.5, lattice.step)
    plan = draw_plan(growth, canvas, _likely(white, depth, source))
    source = bend.to_atlas(mass_effect(plan, canvas, depth))
    head = make_tissues(body, atlas, window, lattice, source)
    tumour = grow(growth, plan, head)

    scene = draw_scene(scanner, head)
    volumes = {}
    for name in task.names:
        volume = np.zeros(grid.shape, np.int16)
        volume[box] = scan(scanner, name, head, tumour, scene).astype(np.int16)
        volumes[name] = volume
    labels = np.zeros(grid.shape, np.uint8)
    labels[box] = tumour.labels
    return Case(f"phantom-{seed}", task, grid, volumes, labels, notices=notices)


def _grid(shape: tuple[int, int, int], spacing: tuple[float, float, float]) -> Grid:
    """The grid of a BraTS file of this size; `InputError` if it cannot be one."""
    if np.shape(shape) != (3,) or min(shape) < SMALLEST:
        raise InputError(f"a phantom needs three axes of at least {SMALLEST} voxels, not {shape}")
    if np.shape(spacing) != (3,) or not all(np.isfinite(v) and v > 0 for v in spacing):
        raise InputError(f"the voxel size of a phantom must be three lengths in mm, not {spacing}")
    s, p, x = (int(n) for n in shape)
    ds, dp, dx = (float(v) for v in spacing)
    return Grid((s, p, x), (ds, dp, dx), (0.0, -(p - 1) * dp, 0.0))


def _brain_box(atlas: Atlas, bend: Bend, whole: Window) -> tuple[slice, slice, slice]:
    """Voxels about the brain with a margin: nothing outside it need be computed."""
    lattice = whole.lattice(6.0)
    brain = sample(atlas, atlas.brain, bend.to_atlas(whole.positions(lattice))) > 0.1
    slices = []
    for axis in range(3):
        hit = np.flatnonzero(brain.any(axis=tuple(a for a in range(3) if a != axis)))
        n, voxel = whole.shape[axis], whole.voxel[axis]
        ends = lattice.positions(axis)[hit[[0, -1]]] if hit.size else np.array([0.0, n * voxel])
        start = max(0, int((ends[0] - lattice.step) / voxel))
        stop = min(n, int(np.ceil((ends[1] + lattice.step) / voxel)) + 1)
        slices.append(slice(start, stop))
    return slices[0], slices[1], slices[2]


def _likely(white: Field, depth: Field, source: Field) -> Field:
    """Chance of a tumour's centre: supratentorial white matter, not right at the surface."""
    s, p, across = source
    below = (s < -28) | ((s < -8) & (p > 30)) | ((s < 8) & (np.abs(across) < 14))
    chance = white**2 * np.clip(depth / 10 - 0.4, 0, 1) * ~below
    if chance.sum() <= 0:  # a grid too coarse to show white matter
        chance = depth + np.float32(1e-3)
    return np.asarray(chance, np.float32)
