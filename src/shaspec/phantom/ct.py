"""CT of the abdomen: Hounsfield units of each tissue in two phases, and a model of the scanner."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from shaspec.phantom.fields import Field, blur_matrix, noise, separable
from shaspec.phantom.painting import Levels
from shaspec.phantom.window import Window


@dataclass(frozen=True)
class Tissue:
    """Mean Hounsfield units in the arterial (35 s) and the venous phase (70 s)."""

    arterial: float
    venous: float
    spread: float = 0.0
    """Standard deviation between patients."""


TISSUES: Mapping[str, Tissue] = {
    "air": Tissue(-1000, -1000),
    "table": Tissue(-380, -380, 60),
    "skin": Tissue(10, 20, 8),
    "fat": Tissue(-106, -105, 4),
    "visceral fat": Tissue(-102, -100, 4),
    "muscle": Tissue(56, 64, 4),
    "lung": Tissue(-860, -855, 20),
    "lung vessel": Tissue(-150, -180, 60),
    "cortical bone": Tissue(520, 520, 80),
    "spongy bone": Tissue(175, 185, 40),
    "cartilage": Tissue(105, 110, 20),
    "disc": Tissue(82, 86, 8),
    "spinal canal": Tissue(18, 20, 4),
    "cord": Tissue(38, 40, 3),
    "heart muscle": Tissue(105, 112, 8),
    "heart blood": Tissue(250, 152, 14),
    "artery": Tissue(305, 155, 16),
    "chalk": Tissue(700, 700, 120),
    "cava below": Tissue(58, 118, 9),
    "cava above": Tissue(98, 152, 9),
    "renal vein": Tissue(175, 165, 12),
    "portal vein": Tissue(108, 170, 9),
    "hepatic vein": Tissue(58, 166, 6),
    "mesenteric vessel": Tissue(150, 150, 12),
    "bowel wall": Tissue(78, 94, 8),
    "bowel content": Tissue(24, 24, 10),
    "contrast agent": Tissue(190, 180, 40),
    "gas": Tissue(-960, -960),
    "pancreas": Tissue(106, 94, 8),
    "spleen": Tissue(124, 122, 8),
    "renal cortex": Tissue(188, 192, 14),
    "renal medulla": Tissue(72, 172, 9),
    "urine": Tissue(4, 6, 4),
    "liver": Tissue(70, 110, 6),
    "bile": Tissue(8, 9, 5),
    "cyst": Tissue(6, 7, 4),
    "hcc": Tissue(125, 90),
    "metastasis": Tissue(60, 65),
}


def draw_levels(rng: np.random.Generator) -> Levels:
    """Hounsfield units of one patient: random deviations are the same in both phases."""
    fatty = rng.uniform(0, 28) if rng.random() < 0.25 else 0.0
    speed = float(np.clip(rng.normal(1, 0.1), 0.8, 1.2))  # of the contrast agent
    levels = {}
    for name, tissue in TISSUES.items():
        own = tissue.spread * float(np.clip(rng.normal(), -2, 2))
        early, late = tissue.arterial + own, tissue.venous + own
        if name in ("artery", "heart blood"):
            early *= speed
        if name == "liver":
            early, late = early - fatty, late - fatty
        levels[name] = (early, late)
    return levels


def scan(
    rng: np.random.Generator, window: Window, phase: Field, depth: Field
) -> npt.NDArray[np.int16]:
    """Simulates the scan of a body (*shape) in HU: int16, -1024 to 3071.

    Each phase is reconstructed separately, with a residual registration error below a millimetre.
    Noise and streaks increase with ``depth`` (mm below the skin), where fewer photons arrive.
    """
    shape, voxel = window.shape, window.voxel
    focus = rng.uniform(0.4, 0.75)
    matrices = []
    for axis, (n, v) in enumerate(zip(shape, voxel, strict=True)):
        blurred = blur_matrix(n, (0.3 if axis == 0 else 0.0) + focus / v)
        matrices.append(blurred @ shift_matrix(n, float(np.clip(rng.normal(0, 0.4), -1, 1)) / v))
    image = separable(phase, matrices)

    thick = np.clip(depth / 90, 0, 1.2)
    grain = rng.standard_normal(shape, np.float32)
    soft = [np.eye(shape[0], dtype=np.float32)]
    soft += [blur_matrix(n, 0.9 / v) for n, v in zip(shape[1:], voxel[1:], strict=True)]
    grain = separable(grain, soft)
    grain /= np.float32(max(float(grain.std()), 1e-6))
    dose = rng.uniform(6, 11) * min(1.5, (3.9 / float(np.prod(voxel))) ** 0.5)
    image += np.float32(dose) * (0.45 + 0.75 * thick) * grain
    streaks = noise(rng, shape, (voxel[0], voxel[1], voxel[2] / 40), 2.2)
    image += np.float32(rng.uniform(1, 4)) * thick * streaks
    return np.clip(np.rint(image), -1024, 3071).astype(np.int16)


def shift_matrix(n: int, voxels: float) -> Field:
    """(n, n) matrix of a shift along an axis with linear interpolation; the border is repeated."""
    at = np.clip(np.arange(n) - voxels, 0, n - 1)
    low = np.minimum(at.astype(np.intp), max(n - 2, 0))
    part = (at - low).astype(np.float32)
    matrix = np.zeros((n, n), np.float32)
    rows = np.arange(n)
    matrix[rows, low] += 1 - part
    matrix[rows, np.minimum(low + 1, n - 1)] += part
    return matrix
