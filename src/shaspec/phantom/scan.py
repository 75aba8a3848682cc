"""Simulates the four MR sequences from tissue fractions.

Intensities are z-scores over the brain. Means and spreads are those of glioma cases in public
collections; each phantom draws its own values from them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from shaspec.phantom.fields import (
    Field,
    blur,
    blur_matrix,
    noise,
    separable,
    slice_matrix,
    step,
)
from shaspec.phantom.head import Head
from shaspec.phantom.tumour import Tumour


@dataclass(frozen=True)
class Contrast:
    """Mean and spread between patients of each tissue in one sequence, in standard deviations."""

    white: tuple[float, float]
    grey: tuple[float, float]
    fluid: tuple[float, float]
    necrosis: tuple[float, float]
    oedema: tuple[float, float]
    enhancing: tuple[float, float]
    lesion: tuple[float, float]
    """Added to white matter in small-vessel lesions."""
    vessel: tuple[float, float]
    rind: tuple[float, float]
    """Residual meninges at the surface."""
    spread: tuple[float, float]
    """Range of standard deviation / mean of the raw intensities over the brain."""
    thick: float
    """Probability of thick slices."""


CONTRASTS: Mapping[str, Contrast] = {
    "FLAIR": Contrast(
        white=(-0.1, 0.25),
        grey=(0.45, 0.3),
        fluid=(-2.2, 0.5),
        necrosis=(1.8, 1.05),
        oedema=(1.55, 0.5),
        enhancing=(1.7, 0.8),
        lesion=(1.5, 0.5),
        vessel=(0.0, 0.5),
        rind=(1.2, 1.2),
        spread=(0.18, 0.5),
        thick=0.6,
    ),
    "T1": Contrast(
        white=(0.7, 0.2),
        grey=(-0.45, 0.25),
        fluid=(-2.2, 0.5),
        necrosis=(-0.6, 0.6),
        oedema=(-0.1, 0.3),
        enhancing=(0.0, 0.6),
        lesion=(-0.4, 0.2),
        vessel=(-0.3, 0.6),
        rind=(-0.8, 1.0),
        spread=(0.16, 0.38),
        thick=0.45,
    ),
    "T1ce": Contrast(
        white=(0.45, 0.2),
        grey=(-0.25, 0.2),
        fluid=(-1.8, 0.4),
        necrosis=(-0.45, 0.6),
        oedema=(-0.2, 0.3),
        enhancing=(1.2, 0.8),
        lesion=(-0.3, 0.2),
        vessel=(3.5, 1.0),
        rind=(1.8, 1.5),
        spread=(0.16, 0.5),
        thick=0.2,
    ),
    "T2": Contrast(
        white=(-0.6, 0.15),
        grey=(0.15, 0.25),
        fluid=(3.2, 0.8),
        necrosis=(1.8, 0.95),
        oedema=(1.2, 0.5),
        enhancing=(1.3, 0.65),
        lesion=(0.8, 0.3),
        vessel=(-0.6, 0.8),
        rind=(0.5, 1.5),
        spread=(0.28, 0.6),
        thick=0.5,
    ),
}


@dataclass(frozen=True, eq=False)
class Scene:
    """Properties shared by all sequences of a case: textures, vessels, benign lesions."""

    tissue: Field
    tumour: Field
    vessels: Field
    lesions: Field


def draw_scene(rng: np.random.Generator, head: Head) -> Scene:
    """Draws the textures and distractors of one head."""
    shape, voxel = head.window.shape, head.window.voxel
    tissue = 0.6 * noise(rng, shape, voxel, 2.5) + 0.7 * noise(rng, shape, voxel, 12.0)
    tumour = 0.8 * noise(rng, shape, voxel, rng.uniform(7, 16)) + 0.5 * noise(
        rng, shape, voxel, 3.5
    )
    # Vessels are the intersections of two random surfaces, most of them in the sulci.
    one, two = noise(rng, shape, voxel, 9.0), noise(rng, shape, voxel, 9.0)
    vessels = np.exp(-(one**2 + two**2) / 0.03) * (
        rng.uniform(0, 0.3) + np.clip(3 * head.fluid, 0, 1)
    )
    outer = np.clip(1 - np.maximum(head.depth - 1, 0) / 5, 0, 1)
    sinus = np.exp(-((head.across / 3.0) ** 2)) * outer
    choroid = head.fluid * (head.depth > 22) * step(noise(rng, shape, voxel, 4.0) - 1.2, 0.4)
    vessels = np.maximum(
        vessels, np.maximum(sinus * rng.uniform(0, 0.9), choroid * rng.uniform(0, 0.7))
    )
    lesions = np.zeros(shape, np.float32)
    if rng.random() < 0.4:
        spots = noise(rng, shape, voxel, rng.uniform(4, 7))
        lesions = step(spots - rng.uniform(1.9, 2.6), 0.4) * head.white
    if rng.random() < 0.4:
        caps = blur(head.fluid * (head.depth > 16), voxel, rng.uniform(1.5, 3.5))
        lesions = np.maximum(lesions, rng.uniform(0.3, 1) * np.clip(3 * caps, 0, 1) * head.white)
    return Scene(tissue, tumour, np.asarray(vessels * head.brain, np.float32), lesions)


def scan(rng: np.random.Generator, name: str, head: Head, tumour: Tumour, scene: Scene) -> Field:
    """Simulates one sequence: raw intensities (*shape), float32, 0 outside the brain."""
    contrast = CONTRASTS[name]
    shape, voxel = head.window.shape, head.window.voxel

    def draw(pair: tuple[float, float]) -> float:
        return float(pair[0] + pair[1] * np.clip(rng.normal(), -2, 2))

    white, grey, fluid = draw(contrast.white), draw(contrast.grey), draw(contrast.fluid)
    necrosis, oedema, bright = (
        draw(contrast.necrosis),
        draw(contrast.oedema),
        draw(contrast.enhancing),
    )
    if name == "T1ce":
        necrosis = min(necrosis, white + 0.2)  # bright tissue in T1ce is enhancing
        bright = max(bright, white + 0.8, necrosis + 0.6)
    if name in ("FLAIR", "T2"):
        oedema = max(oedema, max(white, grey) + 0.4)
    deep = np.clip((head.depth - 18) / 8, 0, 1) * 0.4
    image = head.grey * (grey + deep * (white - grey)) + head.white * white
    image += scene.lesions * draw(contrast.lesion)
    image += rng.uniform(0.1, 0.25) * scene.tissue * (1 - head.fluid)
    image += head.fluid * fluid
    rest = 1 - tumour.oedema - tumour.necrosis - tumour.enhancing
    keep = rng.uniform(0.2, 0.6)  # share of the anatomy visible through the oedema
    swollen = oedema + keep * (image - white)
    grain = scene.tumour * np.float32(rng.choice([-1, 1]))
    image = rest * image * head.brain + tumour.oedema * (swollen + rng.uniform(0.2, 0.6) * grain)
    watery = fluid + rng.uniform(0, 0.6) * (necrosis - fluid)
    soft = necrosis + rng.uniform(0.15, 0.6) * grain
    image += tumour.necrosis * (soft + tumour.cyst * (watery - soft))
    image += tumour.enhancing * (bright + rng.uniform(0.3, 1.0) * grain)
    image += head.rind * (draw(contrast.rind) + 0.7 * scene.tissue)
    image += scene.vessels * (1 - tumour.necrosis) * draw(contrast.vessel)

    blurred = [
        blur_matrix(n, rng.uniform(0.2, 0.65) / v) for n, v in zip(shape, voxel, strict=True)
    ]
    if rng.random() < contrast.thick:
        axis = int(rng.choice(3, p=[0.8, 0.1, 0.1]))
        thick = rng.uniform(2.5, 6.0) / voxel[axis]
        blurred[axis] = slice_matrix(shape[axis], thick, rng.random())
    image = separable(image, blurred)

    seen = (head.brain + head.rind) > 0
    bias = rng.uniform(0.02, 0.1) * noise(rng, shape, voxel, rng.uniform(50, 90))
    raw = np.zeros(shape, np.float32)
    raw[seen] = _receive(rng, contrast, image[seen], np.exp(bias[seen]))
    return raw


def _receive(rng: np.random.Generator, contrast: Contrast, image: Field, bias: Field) -> Field:
    """Z-scores (n) -> raw intensities, with scale, gamma, coil bias and Rician noise."""
    spread = rng.uniform(*contrast.spread)
    level = np.float32(np.exp(rng.uniform(np.log(150), np.log(1600))))
    if rng.random() < 0.1:
        level = np.float32(10000)  # rescaled to a large range, as in some archives
    signal = np.maximum(1 + np.float32(spread) * image, 0.02) ** np.float32(rng.uniform(0.85, 1.2))
    sigma = np.float32(spread * rng.uniform(0.03, 0.16))
    real = signal * bias + sigma * rng.standard_normal(image.shape, np.float32)
    imaginary = sigma * rng.standard_normal(image.shape, np.float32)
    return np.asarray(np.clip(level * np.hypot(real, imaginary), 1, 32767), np.float32)
