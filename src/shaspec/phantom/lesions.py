"""Liver tumours, which differ in the phases in which they are visible.

Hepatocellular carcinoma is supplied by the artery: bright in the arterial phase, washed out and
darker than the liver in the venous phase. Metastases (e.g. of the bowel) have little blood: dark in
the venous phase, and with a bright rim or almost invisible in the arterial phase. Cysts are not
labelled as tumours.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from shaspec.phantom.fields import Field, step
from shaspec.phantom.liver import TUMOUR, Liver, on_box, places
from shaspec.phantom.painting import Painting
from shaspec.phantom.solids import FAR, Solid

KINDS = ("hcc", "metastases")


@dataclass(frozen=True)
class Disease:
    """Random properties of the lesions, drawn before painting."""

    kind: str
    radii: tuple[float, ...]
    """Radius of each tumour, mm."""
    cysts: tuple[float, ...]
    hidden: bool
    """Visible in one phase only: carcinomas do not wash out, metastases have no rim."""

    @classmethod
    def draw(cls, rng: np.random.Generator) -> Disease:
        """One to three carcinomas, or one to eight metastases; sometimes also cysts."""
        kind = str(rng.choice(KINDS))
        if kind == "hcc":
            radii = np.exp(rng.normal(np.log(17), 0.5, rng.choice([1, 2, 3], p=[0.6, 0.25, 0.15])))
        else:
            radii = np.exp(rng.normal(np.log(11), 0.45, 1 + min(7, rng.poisson(2.5))))
        cysts = rng.uniform(4, 14, rng.integers(1, 4)) if rng.random() < 0.3 else np.zeros(0)
        return cls(
            kind,
            tuple(radii.clip(5, 45).tolist()),
            tuple(cysts.tolist()),
            bool(rng.random() < 0.3),
        )


def paint_lesions(
    rng: np.random.Generator, painting: Painting, liver: Liver, disease: Disease
) -> None:
    """Paints cysts and tumours inside the liver, with at least one voxel of tumour."""
    for radius in disease.cysts:
        solid = _grow(rng, painting, liver, radius, 0.05)
        painting.paint(solid, "cyst", label=None)
    for radius in sorted(disease.radii, reverse=True):
        solid = _grow(rng, painting, liver, radius, 0.14)
        paint = _paint_carcinoma if disease.kind == "hcc" else _paint_metastasis
        paint(rng, painting, solid, disease.hidden)
    if not (painting.labels == TUMOUR).any():  # voxels as large as a tumour
        deepest = np.where(liver.mask, liver.depth, -np.inf).argmax()
        liver.labels[np.unravel_index(deepest, liver.labels.shape)] = TUMOUR


def _grow(
    rng: np.random.Generator, painting: Painting, liver: Liver, radius: float, lobes: float
) -> Solid:
    """An irregular ball of about ``radius`` mm at a random position, cut at the liver surface."""
    place = painting.place
    centre = places(rng, place, liver, 1, 0.45 * radius)[0]
    axes = np.exp(rng.normal(0, 0.12, 3))
    axes *= radius / np.prod(axes) ** (1 / 3)
    turn = np.linalg.qr(rng.normal(size=(3, 3)))[0]
    ball = place.ellipsoid(centre, axes, turn, margin=0.5 * radius + 4)
    depth = ball.depth + np.float32(lobes * radius) * place.noise(rng, ball.box, 0.8 * radius + 2)
    return Solid(ball.box, np.where(on_box(liver, ball.box), depth, FAR))


def _paint_carcinoma(
    rng: np.random.Generator, painting: Painting, solid: Solid, hidden: bool
) -> None:
    """Bright mosaic, then washed out within a capsule; large tumours have a necrotic centre."""
    place = painting.place
    arterial, venous = painting.levels["liver"]
    mosaic = np.clip(place.noise(rng, solid.box, 6.0), -2, 2)
    bright = arterial + rng.uniform(38, 75) + np.float32(rng.uniform(6, 16)) * mosaic
    wash = rng.uniform(-4, 4) if hidden else -rng.uniform(12, 38)
    late = venous + wash + np.float32(rng.uniform(2, 7)) * mosaic
    if not hidden:
        capsule = np.exp(-(((solid.depth - 1.0) / 1.4) ** 2))
        late = late + np.float32(rng.uniform(10, 30) - wash) * capsule
    size = float(solid.depth.max(initial=0))
    if size > 20:
        dead = step(solid.depth - rng.uniform(0.55, 0.75) * size + 3 * mosaic, 2.5)
        bright, late = (_mix(level, 32.0 + 3 * mosaic, dead) for level in (bright, late))
    painting.paint(solid, "hcc", label=TUMOUR, levels=[bright, late])


def _paint_metastasis(
    rng: np.random.Generator, painting: Painting, solid: Solid, hidden: bool
) -> None:
    """Dark in the venous phase, darkest in the middle; a thin bright rim in the arterial phase."""
    arterial, venous = painting.levels["liver"]
    grain = painting.place.noise(rng, solid.box, 4.0)
    size = max(float(solid.depth.max(initial=0)), 1.0)
    inner = np.clip(solid.depth / size, 0, 1)
    late = venous - rng.uniform(28, 50) - np.float32(rng.uniform(0, 25)) * inner + 3 * grain
    if hidden:
        early: Field = arterial + np.float32(rng.uniform(-3, 3)) + 2 * grain
    else:
        early = arterial - rng.uniform(4, 16) - np.float32(rng.uniform(5, 20)) * inner + 3 * grain
        rim = np.exp(-(((solid.depth - 1.5) / 1.6) ** 2))
        early = early + np.float32(rng.uniform(20, 45)) * rim
    painting.paint(solid, "metastasis", label=TUMOUR, levels=[early, late])


def _mix(one: Field, other: Field, share: Field) -> Field:
    return np.asarray(one + share * (other - one), np.float32)
