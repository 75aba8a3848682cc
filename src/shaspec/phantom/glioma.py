"""The phantom of the BraTS task: a skull-stripped head with a glioma in FLAIR, T1, T1ce and T2."""

from __future__ import annotations

import numpy as np

from shaspec.case import Case
from shaspec.geometry import Grid
from shaspec.phantom.atlas import Atlas, load_atlas
from shaspec.phantom.fields import Field, Shape, Triple
from shaspec.phantom.head import Bend, depth_below, make_tissues, sample
from shaspec.phantom.scan import draw_scene, scan
from shaspec.phantom.tumour import draw_plan, grow, mass_effect
from shaspec.phantom.window import Window
from shaspec.task import load_task

CENTRE = (77.0, 119.5, 119.5)
"""Centre of a BraTS volume (155 x 240 x 240 at 1 mm) in its own (S, P, L) mm."""
EXTENT = (155.0, 200.0, 160.0)
"""Millimetres that must be in view for the largest head to fit."""


def make_glioma(seed: int, shape: Shape, spacing: Triple) -> Case:
    """See `shaspec.phantom.make_case`."""
    grid = _grid(shape, spacing)
    task = load_task("brats")
    atlas, notices = load_atlas()
    # Anatomy, tumour and scanner have separate random streams.
    body, growth, scanner = (
        np.random.default_rng(s) for s in np.random.SeedSequence(seed).spawn(3)
    )
    bend = Bend.draw(body, atlas)
    whole = Window.of_grid(shape, spacing, CENTRE, EXTENT)
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


def _grid(shape: Shape, spacing: Triple) -> Grid:
    """The grid of a BraTS file of this size."""
    return Grid(shape, spacing, (0.0, -(shape[1] - 1) * spacing[1], 0.0))


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
