"""Phantom of the liver task: an abdomen with liver tumours in arterial and venous CT."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from shaspec.case import Case
from shaspec.errors import InputError
from shaspec.geometry import Grid
from shaspec.phantom.ct import draw_levels, scan
from shaspec.phantom.fields import Shape, Triple
from shaspec.phantom.lesions import Disease, paint_lesions
from shaspec.phantom.liver import paint_liver, paint_veins
from shaspec.phantom.painting import Painting
from shaspec.phantom.trunk import Trunk, draw_place, draw_trunk, paint_bones, paint_walls
from shaspec.phantom.viscera import paint_bowel, paint_great_vessels, paint_solid_organs
from shaspec.phantom.window import Window
from shaspec.task import load_task

WIDEST = 0.5
"""Maximum voxel size relative to the shortest side; larger voxels would miss the body."""

EXTENT = (240.0, 270.0, 375.0)
"""Field of view in mm (S, P, L) that contains a large body with the whole liver."""


@dataclass(frozen=True, eq=False)
class Patient:
    """An abdomen before it is scanned."""

    painting: Painting
    trunk: Trunk
    disease: Disease


def make_abdomen(seed: int, shape: Shape, spacing: Triple) -> Case:
    """See `shaspec.phantom.make_case`."""
    if max(spacing) > WIDEST * min(n * mm for n, mm in zip(shape, spacing, strict=True)):
        raise InputError(
            f"voxels of {spacing} mm are too large for a phantom of {shape} voxels: set a smaller "
            "spacing, or more voxels along the shortest side"
        )
    _, back, left = ((n - 1) * mm / 2 for n, mm in zip(shape, spacing, strict=True))
    grid = Grid(shape, spacing, (0.0, -back, -left))
    patient = draw_patient(seed, shape, spacing)
    painting, window = patient.painting, patient.painting.place.window
    scanner = _stream(seed, 2)
    task = load_task("liver-ct")
    volumes = {
        name: scan(scanner, window, phase, patient.trunk.skin)
        for name, phase in zip(task.names, painting.phases, strict=True)
    }
    return Case(f"phantom-{seed}", task, grid, volumes, painting.labels)


def draw_patient(seed: int, shape: Shape, spacing: Triple) -> Patient:
    """A random abdomen."""
    body, growth = _stream(seed, 0), _stream(seed, 1)
    place = draw_place(body, Window.of_grid(shape, spacing, (0.0, 0.0, 0.0), EXTENT))
    trunk = draw_trunk(body, place)
    disease = Disease.draw(growth)
    painting = Painting(place, draw_levels(body), body)
    paint_walls(body, painting, trunk)
    paint_bowel(body, painting, trunk)
    liver = paint_liver(body, painting, trunk, bumpy=disease.kind == "hcc")
    paint_solid_organs(body, painting, trunk)
    paint_great_vessels(body, painting)
    paint_bones(body, painting, trunk)
    paint_veins(body, painting, liver)
    paint_lesions(growth, painting, liver, disease)
    return Patient(painting, trunk, disease)


def _stream(seed: int, number: int) -> np.random.Generator:
    """Separate random streams for body, disease and scanner."""
    return np.random.default_rng(np.random.SeedSequence(seed).spawn(3)[number])
