"""The result of one run and where it came from: a label map with its volumes, or a class."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from shaspec.errors import InputError
from shaspec.geometry import Grid
from shaspec.task import Label, Subset, Task

Weights = dict[str, dict[str, float]]
"""Region (of a softmax: label) -> present modality -> weight; those of a region add up to 1."""

NOT_FOUND = "not found"
NOT_FOUND_NOTE = (
    "Not found does not mean absent: a model may leave a region empty when a modality that shows "
    "it was not used."
)


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
    def modality_weights(self) -> Weights:
        """How much each present modality counted in each region; empty for most networks.

        See `shaspec.inference.modality_weights.MeanWeights`.
        """
        weights: Weights = self.provenance.get("modality_weights", {})
        return weights

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

    @property
    def found_all(self) -> bool:
        """True if every region was found."""
        return all(self.region_sizes().values())

    def region_ml(self) -> dict[str, float]:
        """Volume of each region in millilitres, the smallest region first; not for pictures."""
        if self.grid.dims != 3:
            raise InputError(f"{self.case} is a picture: its regions have areas, no volumes")
        return self.region_sizes()


def size_text(size: float, digits: int) -> str:
    """A size for the eyes of a user: a region without a voxel was not found, it is not 0."""
    return f"{size:.{digits}f}" if size else NOT_FOUND


@dataclass(frozen=True, eq=False)
class Classification:
    """Probabilities of the labels of ``task`` as classes, for one subset of one case."""

    case: str
    task: Task
    subset: Subset
    probabilities: npt.NDArray[np.float32]
    """(K,) in the order of the labels of the task; they add up to 1."""
    provenance: dict[str, Any]
    """As that of a `Prediction`, but for window and overlap."""

    @property
    def name(self) -> str:
        """For tables, e.g. ``class · image+audio``."""
        return f"class · {self.task.subset_name(self.subset)}"

    @property
    def ranked(self) -> list[tuple[Label, float]]:
        """All classes with their probabilities, the most probable first."""
        pairs = zip(self.task.labels, map(float, self.probabilities), strict=True)
        return sorted(pairs, key=lambda pair: -pair[1])

    @property
    def sentence(self) -> str:
        """The answer for a person, e.g. ``class seven (97 %)``."""
        label, probability = self.ranked[0]
        return f"class {label.title} ({100 * probability:.0f} %)"
