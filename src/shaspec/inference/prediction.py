"""The result of one run: a label map with its volumes and where it came from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from shaspec.geometry import Grid
from shaspec.task import Subset, Task


@dataclass(frozen=True, eq=False)
class Prediction:
    """Label map (S, P, L) in the codes of ``task`` on ``grid``, for one subset of one case."""

    case: str
    task: Task
    grid: Grid
    subset: Subset
    labels: npt.NDArray[np.uint8]
    provenance: dict[str, Any]
    """JSON-ready: model, sha256, version, subset, device, precision, window, overlap, seconds
    ..."""

    @property
    def name(self) -> str:
        """Layer and table name, e.g. ``seg · FLAIR+T2``."""
        return f"seg · {self.task.subset_name(self.subset)}"

    def region_ml(self) -> dict[str, float]:
        """Volume of each region in millilitres, the smallest region first."""
        masks = dict(zip(self.task.region_names, self.task.region_masks(self.labels), strict=True))
        return {
            name: float(masks[name].sum()) * self.grid.voxel_ml
            for name in self.task.reported_regions
        }

    def label_ml(self) -> dict[int, float]:
        """Volume of each label value in millilitres."""
        counts = np.bincount(self.labels.ravel(), minlength=256)
        return {label.value: counts[label.value] * self.grid.voxel_ml for label in self.task.labels}
