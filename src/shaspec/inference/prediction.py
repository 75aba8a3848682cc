"""The result of one run: a label map with its volumes and where it came from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from shaspec.errors import InputError
from shaspec.geometry import Grid
from shaspec.task import Subset, Task


@dataclass(frozen=True, eq=False)
class Prediction:
    """Label map (*spatial) in the codes of ``task`` on ``grid``, for one subset of one case."""

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

    def region_sizes(self) -> dict[str, float]:
        """Size of each region in ``grid.unit`` (mL, pixels), the smallest region first."""
        masks = dict(zip(self.task.region_names, self.task.region_masks(self.labels), strict=True))
        return {
            name: float(masks[name].sum()) * self.grid.voxel_size
            for name in self.task.reported_regions
        }

    def region_ml(self) -> dict[str, float]:
        """Volume of each region in millilitres, the smallest region first; not for pictures."""
        if self.grid.dims != 3:
            raise InputError(f"{self.case} is a picture: its regions have areas, no volumes")
        return self.region_sizes()
