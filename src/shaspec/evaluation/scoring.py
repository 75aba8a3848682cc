"""All metrics of one region of one case; surface and lesions of the truth are computed once."""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence
from functools import cached_property

from shaspec.evaluation.lesions import Lesions
from shaspec.evaluation.metrics import METRICS, Overlap
from shaspec.evaluation.surfaces import Mask, Surface, bounding_box, diagonal, hd95


class TrueRegion:
    """The ground truth of a region, compared with the predictions of many subsets.

    Args:
        mask: (S, P, L), or (row, column) of a picture; a volume of one slice is measured in 2D.
        spacing: voxel size in mm; 1 for pixels.
    """

    def __init__(self, mask: Mask, spacing: Sequence[float]) -> None:
        self._volume = mask.ndim == 3
        self._plane = self._volume and mask.shape[0] == 1
        self.mask = self._flat(mask)
        self.spacing = tuple(float(s) for s in spacing[self._plane :])
        self.voxel_size = math.prod(float(s) for s in spacing) / 1000 if self._volume else 1.0
        """Size of a voxel: mL, or 1 pixel."""

    @cached_property
    def surface(self) -> Surface:
        """Surface of the truth."""
        return self._surface(self.mask)

    @cached_property
    def lesions(self) -> Lesions:
        """Lesions of the truth."""
        return Lesions(self.mask, self.spacing)

    def scores(self, predicted: Mask, metrics: Collection[str] = METRICS) -> dict[str, float]:
        """Values of those of ``metrics`` that apply to the mask, in the order of `METRICS`."""
        predicted = self._flat(predicted)
        overlap = Overlap.of(predicted, self.mask)
        size, true = overlap.predicted * self.voxel_size, overlap.true * self.voxel_size
        mm, ml, volume = ("mm", "ml", "volume") if self._volume else ("px", "px", "area")
        values = {
            "dice": overlap.dice,
            "iou": overlap.iou,
            "precision": overlap.precision,
            "sensitivity": overlap.sensitivity,
            f"truth_{ml}": true,
            f"predicted_{ml}": size,
            f"{volume}_error_{ml}": size - true,
            f"{volume}_error": (size - true) / true if true else math.nan,
        }
        if f"hd95_{mm}" in metrics:
            one_empty = diagonal(self.mask.shape, self.spacing)
            values[f"hd95_{mm}"] = hd95(self._surface(predicted), self.surface, one_empty)
        if not {"lesion_dice", f"lesion_hd95_{mm}", "false_islands"}.isdisjoint(metrics):
            scores = self.lesions.scores(predicted, with_distances=f"lesion_hd95_{mm}" in metrics)
            values |= {
                "lesion_dice": scores.dice,
                f"lesion_hd95_{mm}": scores.hd95,
                "false_islands": float(scores.false_positives),
            }
        return {name: values[name] for name in METRICS if name in metrics and name in values}

    def _flat(self, mask: Mask) -> Mask:
        return mask[0] if self._plane else mask

    def _surface(self, mask: Mask) -> Surface:
        box = bounding_box(mask)
        return Surface(mask[box], self.spacing, [s.start for s in box])
