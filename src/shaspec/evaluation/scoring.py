"""All metrics of one region of one case: what belongs to the truth is worked out once."""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence
from functools import cached_property

from shaspec.evaluation.lesions import Lesions
from shaspec.evaluation.metrics import METRICS, Overlap
from shaspec.evaluation.surfaces import Mask, Surface, bounding_box, diagonal, hd95


class TrueRegion:
    """The truth of a region, compared with the predictions of as many subsets as there are.

    Args:
        mask: (S, P, L); of one slice: measured as the plane it is.
        spacing: voxel size in mm.
    """

    def __init__(self, mask: Mask, spacing: Sequence[float]) -> None:
        self._plane = mask.shape[0] == 1
        self.mask = self._flat(mask)
        self.spacing = tuple(float(s) for s in spacing[self._plane :])
        self.voxel_ml = math.prod(float(s) for s in spacing) / 1000

    @cached_property
    def surface(self) -> Surface:
        """Surface of the truth."""
        return self._surface(self.mask)

    @cached_property
    def lesions(self) -> Lesions:
        """Lesions of the truth."""
        return Lesions(self.mask, self.spacing)

    def scores(self, predicted: Mask, metrics: Collection[str] = METRICS) -> dict[str, float]:
        """Values of ``metrics`` (names of `METRICS`), in their order there."""
        predicted = self._flat(predicted)
        overlap = Overlap.of(predicted, self.mask)
        found, true = overlap.predicted * self.voxel_ml, overlap.true * self.voxel_ml
        values = {
            "dice": overlap.dice,
            "iou": overlap.iou,
            "precision": overlap.precision,
            "sensitivity": overlap.sensitivity,
            "truth_ml": true,
            "predicted_ml": found,
            "volume_error_ml": found - true,
            "volume_error": (found - true) / true if true else math.nan,
        }
        if "hd95_mm" in metrics:
            one_empty = diagonal(self.mask.shape, self.spacing)
            values["hd95_mm"] = hd95(self._surface(predicted), self.surface, one_empty)
        if not {"lesion_dice", "lesion_hd95_mm"}.isdisjoint(metrics):
            scores = self.lesions.scores(predicted, with_distances="lesion_hd95_mm" in metrics)
            values |= {"lesion_dice": scores.dice, "lesion_hd95_mm": scores.hd95}
        return {name: values[name] for name in METRICS if name in metrics}

    def _flat(self, mask: Mask) -> Mask:
        return mask[0] if self._plane else mask

    def _surface(self, mask: Mask) -> Surface:
        box = bounding_box(mask)
        return Surface(mask[box], self.spacing, [s.start for s in box])
