"""Lesion-wise scores of BraTS 2023: every lesion has the same weight, regardless of its size.

Rules, from the description of the challenge (synapse.org/Synapse:syn51156910, "lesion-wise dice
score"; Saluja et al.):

1. The true mask is dilated three times with the 18-neighbourhood; true voxels whose dilations are
   connected are one lesion (the mask itself does not change).
2. The predicted mask is split into 26-connected components; the prediction of a lesion is the union
   of all complete components that touch its dilation.
3. Lesions of at most 50 mm3 are ignored, and so are components that touch only such a lesion.
4. Components that touch no dilation are false positives: Dice 0 and the largest possible distance
   (374 mm for BraTS: the diagonal of the image in whole mm). The same holds for missed lesions.
5. The score is the mean over the remaining lesions and the false positives; if there are none, Dice
   is 1 and HD95 is 0.

These are the numbers of the glioma challenge. Meningioma: one dilation. Metastases: one dilation
and 2 mm3.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import scipy

from shaspec.evaluation.metrics import dice
from shaspec.evaluation.surfaces import Box, Mask, Surface, bounding_box, diagonal, hd95

DILATIONS = 3
"""Number of dilations that join true voxels to lesions."""

SMALLEST_MM3 = 50.0
"""True lesions of at most this volume are ignored."""


@dataclass(frozen=True)
class LesionScores:
    """Means over lesions and false positives, and their numbers."""

    dice: float
    hd95: float
    lesions: int
    false_positives: int


class Lesions:
    """The lesions of a true mask, computed once and compared with many predictions."""

    def __init__(self, truth: Mask, spacing: Sequence[float]) -> None:
        self.truth, self.spacing = truth, tuple(spacing)
        box = _grown(bounding_box(truth), DILATIONS, truth.shape)
        near = scipy.ndimage.generate_binary_structure(truth.ndim, min(2, truth.ndim))
        dilated = np.zeros(truth.shape, bool)
        if truth.any():
            dilated[box] = scipy.ndimage.binary_dilation(truth[box], near, DILATIONS)
        self._zones, self._boxes = components(dilated)

    def scores(self, predicted: Mask, *, with_distances: bool = True) -> LesionScores:
        """Lesion-wise Dice and HD95 (mm) of ``predicted``; without distances HD95 is NaN."""
        worst = float(math.ceil(diagonal(self.truth.shape, self.spacing)))
        parts, part_boxes = components(predicted)
        touched: set[int] = set()
        pairs: list[tuple[float, float]] = []
        for number, box in enumerate(self._boxes, start=1):
            zone = self._zones[box] == number
            mine = [int(p) for p in np.unique(parts[box][zone]) if p]
            touched.update(mine)
            volume = np.count_nonzero(self.truth[box] & zone) * math.prod(self.spacing)
            if volume <= SMALLEST_MM3:
                continue
            both = _around([box, *(part_boxes[p - 1] for p in mine)])
            true = self.truth[both] & (self._zones[both] == number)
            matched = np.isin(parts[both], mine)
            distance = math.nan
            if with_distances:
                surfaces = Surface(matched, self.spacing), Surface(true, self.spacing)
                distance = hd95(*surfaces, one_empty=worst)
            pairs.append((dice(matched, true), distance))
        false_positives = len(part_boxes) - len(touched)
        pairs += [(0.0, worst if with_distances else math.nan)] * false_positives
        if not pairs:
            return LesionScores(1.0, 0.0 if with_distances else math.nan, 0, 0)
        means = np.mean(pairs, axis=0)
        lesions = len(pairs) - false_positives
        return LesionScores(float(means[0]), float(means[1]), lesions, false_positives)


def components(mask: Mask) -> tuple[npt.NDArray[np.int32], list[Box]]:
    """Component index of each voxel (0: none), and the bounding box of each component.

    Voxels that share a face, an edge or a corner are connected.
    """
    box = bounding_box(mask)
    numbers = np.zeros(mask.shape, np.int32)
    if mask.any():
        everywhere = np.ones((3,) * mask.ndim, bool)
        numbers[box], _ = scipy.ndimage.label(mask[box], everywhere)
    return numbers, [tuple(slices) for slices in scipy.ndimage.find_objects(numbers)]


def _grown(box: Box, voxels: int, shape: Sequence[int]) -> Box:
    return tuple(
        slice(max(0, s.start - voxels), min(n, s.stop + voxels))
        for s, n in zip(box, shape, strict=True)
    )


def _around(boxes: Sequence[Box]) -> Box:
    return tuple(
        slice(min(s.start for s in axis), max(s.stop for s in axis))
        for axis in zip(*boxes, strict=True)
    )
