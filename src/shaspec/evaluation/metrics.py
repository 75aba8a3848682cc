"""Measures that compare a predicted region with the true one, and what each is called.

One rule for what has no size: both empty counts as full agreement, one empty as none.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt


@dataclass(frozen=True)
class Metric:
    """A column of ``metrics.csv``."""

    name: str
    title: str
    unit: Literal["", "%", "mL", "mm"]
    """``%``: a share, stored as 0 to 1 and shown in per cent."""
    best: Literal["highest", "lowest", "nearest 0", ""] = "highest"
    """Empty: it describes a case and is no score, so that nothing wins by it."""
    definition: str = ""


EMPTY = "both empty = 1, one empty = 0"
METRICS = {
    metric.name: metric
    for metric in (
        Metric("dice", "Dice", "%", definition=f"2 TP / (2 TP + FP + FN); {EMPTY}"),
        Metric("iou", "IoU", "%", definition=f"TP / (TP + FP + FN); {EMPTY}"),
        Metric("precision", "precision", "%", definition=f"TP / (TP + FP); {EMPTY}"),
        Metric("sensitivity", "sensitivity", "%", definition=f"TP / (TP + FN); {EMPTY}"),
        Metric(
            "hd95_mm",
            "HD95",
            "mm",
            "lowest",
            "95th percentile of the distances between the surfaces, elements weighted by area, the "
            "larger of both directions; both empty = 0, one empty = diagonal of the image (373.13 "
            "mm for BraTS)",
        ),
        Metric(
            "lesion_dice",
            "lesion-wise Dice",
            "%",
            definition="BraTS 2023: truth dilated 3 times (18 neighbours) joins lesions, predicted "
            "components by 26 neighbours, lesions of at most 50 mm3 ignored; mean over lesions and "
            "false positives, the latter count 0; neither there = 1",
        ),
        Metric(
            "lesion_hd95_mm",
            "lesion-wise HD95",
            "mm",
            "lowest",
            "as lesion_dice; missed lesions and false positives count the diagonal of the image in "
            "whole mm (374 for BraTS); neither there = 0",
        ),
        Metric("truth_ml", "true volume", "mL", "", "volume of the truth"),
        Metric("predicted_ml", "predicted volume", "mL", "", "volume of the prediction"),
        Metric(
            "volume_error_ml",
            "volume error",
            "mL",
            "nearest 0",
            "predicted minus true volume, signed",
        ),
        Metric(
            "volume_error",
            "relative volume error",
            "%",
            "nearest 0",
            "volume_error_ml / true volume, signed; no value where the truth is empty",
        ),
    )
}


@dataclass(frozen=True)
class Overlap:
    """How many voxels two masks have in common."""

    both: int
    predicted: int
    true: int

    @classmethod
    def of(cls, predicted: npt.NDArray[Any], truth: npt.NDArray[Any]) -> Overlap:
        """Count two masks of one shape."""
        both = np.count_nonzero(predicted & truth)
        return cls(int(both), int(np.count_nonzero(predicted)), int(np.count_nonzero(truth)))

    @property
    def dice(self) -> float:
        return self._share(2 * self.both, self.predicted + self.true)

    @property
    def iou(self) -> float:
        return self._share(self.both, self.predicted + self.true - self.both)

    @property
    def precision(self) -> float:
        return self._share(self.both, self.predicted)

    @property
    def sensitivity(self) -> float:
        return self._share(self.both, self.true)

    def _share(self, part: int, whole: int) -> float:
        if self.predicted == self.true == 0:
            return 1.0
        return part / whole if whole else 0.0


def dice(predicted: npt.NDArray[Any], truth: npt.NDArray[Any]) -> float:
    """Dice coefficient of two masks, 0 to 1; both empty: 1, one empty: 0."""
    return Overlap.of(predicted, truth).dice
