"""The features of a case over its whole volume, on one coarse grid."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from shaspec.geometry import Grid
from shaspec.task import Subset, Task

Floats = npt.NDArray[np.float32]
Kind = str
"""``shared``, ``specific``, ``fused``, ``imputed`` of ShaSpec; ``feature``, ``attention`` of
MAML; ``logits``, ``weight`` of SimMLM."""


@dataclass(frozen=True, eq=False)
class FeatureMaps:
    """All features of one case from one model, on one coarse grid that lies over the anatomy.

    ``maps[kind, modality]`` is (C, S, P, L) on ``grid``. A modality that is not in ``present`` was
    encoded too, if the case has it; ``imputed``, ``attention`` and ``weight`` are those of
    the subset alone.
    """

    case: str
    model: str
    task: Task
    present: Subset
    grid: Grid
    inside: npt.NDArray[np.bool_]
    """(S, P, L): at least half of the voxel is tissue in one of the modalities."""
    maps: Mapping[tuple[Kind, str], Floats]
    windows: Mapping[tuple[Kind, str], Floats]
    """(windows, C): spatial means of the maps in each window, and what is a vector by nature."""
    provenance: Mapping[str, Any] = field(default_factory=dict)
    """As that of a `Prediction`."""

    @property
    def kinds(self) -> tuple[Kind, ...]:
        """The kinds of maps there are, in the order of the network."""
        return tuple(dict.fromkeys(kind for kind, _ in self.maps))

    def of(self, kind: Kind) -> dict[str, Floats]:
        """The maps of one kind by modality, in task order."""
        return {m: self.maps[kind, m] for m in self.task.names if (kind, m) in self.maps}

    def points(self, kind: Kind, modality: str) -> Floats:
        """(n, C): the features of the voxels inside, in the order of ``np.argwhere(inside)``."""
        return np.ascontiguousarray(self.maps[kind, modality][:, self.inside].T)
