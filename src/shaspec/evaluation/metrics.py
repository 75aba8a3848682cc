"""Metrics that compare a predicted region with the true region, and their names.

Empty masks follow one rule: both empty is full agreement, one empty is none.
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
    unit: Literal["%", "mL", "mm", "px", ""]
    """``%``: stored as 0 to 1 and shown in per cent. Empty: a number of things."""
    best: Literal["highest", "lowest", "nearest 0", ""] = "highest"
    """Best value; empty for metrics that describe a case and are no score."""
    definition: str = ""
    dims: tuple[int, ...] = (3, 2)
    """Dimensions the metric applies to: volumes (3), pictures (2)."""


EMPTY = "both empty = 1, one empty = 0"
SHARES = (
    Metric("dice", "Dice", "%", definition=f"2 TP / (2 TP + FP + FN); {EMPTY}"),
    Metric("iou", "IoU", "%", definition=f"TP / (TP + FP + FN); {EMPTY}"),
    Metric("precision", "precision", "%", definition=f"TP / (TP + FP); {EMPTY}"),
    Metric("sensitivity", "sensitivity", "%", definition=f"TP / (TP + FN); {EMPTY}"),
    Metric(
        "lesion_dice",
        "lesion-wise Dice",
        "%",
        definition="BraTS 2023: truth dilated 3 times (18 neighbours; 8 of a pixel) joins lesions, "
        "predicted components by 26 (8) neighbours, lesions of at most 50 mm3 (50 px) ignored; "
        "mean over lesions and false positives, the latter count 0; neither there = 1",
    ),
)
COUNTS = (
    Metric(
        "false_islands",
        "false islands",
        "",
        "lowest",
        "number of predicted components that touch no lesion, with the components and lesions of "
        "lesion_dice",
    ),
)


def _measured(
    dims: int, length: Literal["mm", "px"], size: Literal["mL", "px"], what: str, diagonal: str
) -> tuple[Metric, ...]:
    """The metrics with a unit, for volumes or for pictures."""
    suffix = size.lower()
    return (
        Metric(
            f"hd95_{length}",
            "HD95",
            length,
            "lowest",
            "95th percentile of the distances between the surfaces (outlines), elements weighted "
            "by area (length), the larger of both directions; both empty = 0, one empty = diagonal "
            f"of the image{diagonal}",
            (dims,),
        ),
        Metric(
            f"lesion_hd95_{length}",
            "lesion-wise HD95",
            length,
            "lowest",
            "as lesion_dice; missed lesions and false positives count the diagonal of the image, "
            f"rounded up to whole {length}; neither there = 0",
            (dims,),
        ),
        Metric(f"truth_{suffix}", f"true {what}", size, "", f"{what} of the truth", (dims,)),
        Metric(
            f"predicted_{suffix}",
            f"predicted {what}",
            size,
            "",
            f"{what} of the prediction",
            (dims,),
        ),
        Metric(
            f"{what}_error_{suffix}",
            f"{what} error",
            size,
            "nearest 0",
            f"predicted minus true {what}, signed",
            (dims,),
        ),
        Metric(
            f"{what}_error",
            f"relative {what} error",
            "%",
            "nearest 0",
            f"{what}_error_{suffix} / true {what}, signed; no value where the truth is empty",
            (dims,),
        ),
    )


METRICS = {
    metric.name: metric
    for metric in (
        *SHARES,
        *_measured(3, "mm", "mL", "volume", " (373.13 mm for BraTS)"),
        *_measured(2, "px", "px", "area", ""),
        *COUNTS,
    )
}


def metrics_for(dims: int) -> tuple[str, ...]:
    """Names of the metrics for volumes (3) or pictures (2)."""
    return tuple(name for name, metric in METRICS.items() if dims in metric.dims)


@dataclass(frozen=True)
class Overlap:
    """Voxel counts of two masks and of their intersection."""

    both: int
    predicted: int
    true: int

    @classmethod
    def of(cls, predicted: npt.NDArray[Any], truth: npt.NDArray[Any]) -> Overlap:
        """Counts the voxels of two masks of the same shape."""
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
