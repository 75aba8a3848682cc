"""Lesion-wise scores of BraTS 2023: every lesion counts the same, however large it is.

The rules, after the challenge's description (synapse.org/Synapse:syn51156910, "lesion-wise dice
score"; Saluja et al.):

1. the true mask is dilated three times by the 18-neighbourhood; true voxels whose dilations hang
   together are one lesion (the mask itself is not changed);
2. the predicted mask falls into its 26-connected components; a lesion's prediction is all
   components that touch the lesion's dilation, whole;
3. lesions of at most 50 mm3 are left out, and so are the components that touch only such a lesion;
4. components that touch no lesion's dilation are false positives: Dice 0 and the largest distance
   there is (374 mm for BraTS: the diagonal of the image in whole mm); so are missed lesions;
5. the score is the mean over the lesions that are left and the false positives; where there is
   neither, Dice is 1 and HD95 is 0.

Numbers of the glioma challenge; for meningioma it dilates once, for metastases once with 2 mm3.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.ndimage import binary_dilation, find_objects, generate_binary_structure, label

from shaspec.evaluation.metrics import dice
from shaspec.evaluation.surfaces import Box, Mask, Surface, bounding_box, diagonal, hd95

DILATIONS = 3
"""Steps by which the true mask is dilated to find what belongs to one lesion."""

SMALLEST_MM3 = 50.0
"""True lesions of this volume or less are not counted."""


@dataclass(frozen=True)
class LesionScores:
    """Means over counted lesions and false positives, and how many of each there were."""

    dice: float
    hd95: float
    lesions: int
    false_positives: int


class Lesions:
    """The lesions of a true mask, found once and compared with many predictions."""

    def __init__(self, truth: Mask, spacing: Sequence[float]) -> None:
        self.truth, self.spacing = truth, tuple(spacing)
        box = _grown(bounding_box(truth), DILATIONS, truth.shape)
        near = generate_binary_structure(truth.ndim, min(2, truth.ndim))
        dilated = np.zeros(truth.shape, bool)
        if truth.any():
            dilated[box] = binary_dilation(truth[box], near, DILATIONS)
        self._zones, self._boxes = components(dilated)

    def scores(self, predicted: Mask, *, with_distances: bool = True) -> LesionScores:
        """Lesion-wise Dice and HD95 (mm) of ``predicted``; HD95 is NaN without distances."""
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
            found = np.isin(parts[both], mine)
            distance = math.nan
            if with_distances:
                surfaces = Surface(found, self.spacing), Surface(true, self.spacing)
                distance = hd95(*surfaces, one_empty=worst)
            pairs.append((dice(found, true), distance))
        false_positives = len(part_boxes) - len(touched)
        pairs += [(0.0, worst if with_distances else math.nan)] * false_positives
        if not pairs:
            return LesionScores(1.0, 0.0 if with_distances else math.nan, 0, 0)
        means = np.mean(pairs, axis=0)
        lesions = len(pairs) - false_positives
        return LesionScores(float(means[0]), float(means[1]), lesions, false_positives)


def components(mask: Mask) -> tuple[npt.NDArray[np.int32], list[Box]]:
    """Number of the component that each voxel lies in (0: none), and the box of each.

    Voxels that share a face, an edge or a corner hang together.
    """
    box = bounding_box(mask)
    numbers = np.zeros(mask.shape, np.int32)
    if mask.any():
        everywhere = np.ones((3,) * mask.ndim, bool)
        numbers[box], _ = label(mask[box], everywhere)
    return numbers, [tuple(found) for found in find_objects(numbers)]


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
