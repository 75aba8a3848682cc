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
FeatureKind = str
"""``shared``, ``specific``, ``fused``, ``imputed`` of ShaSpec; ``feature``, ``attention`` of
MAML; ``logits``, ``weight`` of SimMLM."""


@dataclass(frozen=True, eq=False)
class FeatureMaps:
    """All features of one case from one model, on one coarse grid that covers the anatomy."""

    case: str
    """Name of the case."""
    model: str
    """Name of the model."""
    task: Task
    """Task of the case."""
    present: Subset
    """What counts as acquired for imputed features and attention."""
    grid: Grid
    """The coarse grid of all maps, a voxel per block of the case."""
    inside: npt.NDArray[np.bool_]
    """(S, P, L): at least half of the voxel is tissue in one of the modalities."""
    maps: Mapping[tuple[FeatureKind, str], Floats]
    """(kind, modality) -> float32 (C, S, P, L) on ``grid``. A modality that is not in ``present``
    has maps too if the case has it; ``imputed`` and ``attention`` depend on ``present`` alone."""
    windows: Mapping[tuple[FeatureKind, str], Floats]
    """(windows, C): spatial means of the maps in each window, and features that are vectors."""
    provenance: Mapping[str, Any] = field(default_factory=dict)
    """As in `Prediction`."""

    @property
    def kinds(self) -> tuple[FeatureKind, ...]:
        """The kinds of maps there are, in the order of the network."""
        return tuple(dict.fromkeys(kind for kind, _ in self.maps))

    def of(self, kind: FeatureKind) -> dict[str, Floats]:
        """The maps of one kind.

        Args:
            kind: one of `kinds`.

        Returns:
            Modality -> (C, S, P, L), in task order; empty for a kind that the network does not
            have.
        """
        return {m: self.maps[kind, m] for m in self.task.names if (kind, m) in self.maps}

    def points(self, kind: FeatureKind, modality: str) -> Floats:
        """The features of the voxels inside the body.

        Args:
            kind: one of `kinds`.
            modality: a modality that has maps of this kind.

        Returns:
            float32 (n, C), a row per voxel in the order of ``np.argwhere(inside)``.

        Raises:
            KeyError: if there is no such map.
        """
        return np.ascontiguousarray(self.maps[kind, modality][:, self.inside].T)
