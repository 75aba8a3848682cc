"""The result of one run and its provenance: a label map with region volumes, or a class."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from shaspec.errors import InputError
from shaspec.geometry import Grid
from shaspec.notebook import html_table
from shaspec.task import Label, Subset, Task

Weights = dict[str, dict[str, float]]
"""Region (of a softmax: label) -> present modality -> weight; they add up to 1 per region."""

NOT_FOUND = "not found"
NOT_FOUND_NOTE = (
    "Not found does not mean absent: a model may leave a region empty when a modality that shows "
    "it was not used."
)


@dataclass(frozen=True, eq=False, repr=False)
class Prediction:
    """The label map of one subset of one case."""

    case: str
    """Name of the case."""
    task: Task
    """Defines the labels and regions."""
    grid: Grid
    """Grid of the case."""
    subset: Subset
    """The modalities that were used, in task order."""
    labels: npt.NDArray[np.uint8]
    """(*spatial) on ``grid``, in the codes of ``task``."""
    provenance: dict[str, Any]
    """JSON-ready: model, sha256, version, subset, device, precision, window, overlap, seconds
    ..."""
    probabilities: Mapping[str, npt.NDArray[np.float32]] = field(default_factory=dict)
    """Region -> (*spatial) on ``grid``, 0 to 1. Empty unless requested, see
    `Predictor.predict`. Voxels outside the head or body, which no window covers, have 0."""
    label_probabilities: Mapping[str, npt.NDArray[np.float32]] = field(default_factory=dict)
    """``background`` and the name of each label -> (*spatial) on ``grid``: of networks whose labels
    exclude each other, so that the most probable one is in ``labels``. Empty for other networks,
    and unless probabilities were requested."""

    @property
    def modality_weights(self) -> Weights:
        """The weight of each present modality in each region; empty for most networks.

        See `shaspec.inference.modality_weights.MeanWeights`.
        """
        weights: Weights = self.provenance.get("modality_weights", {})
        return weights

    @property
    def name(self) -> str:
        """Layer and table name, e.g. ``seg · FLAIR+T2``."""
        return f"seg · {self.task.subset_name(self.subset)}"

    @property
    def title(self) -> str:
        """The subset and how the result was changed, e.g. ``FLAIR+T2 (ET > 0.30, edited)``."""
        changes = [self.threshold_text, "edited" if self.provenance.get("edited") else ""]
        said = ", ".join(filter(None, changes))
        return self.task.subset_name(self.subset) + (f" ({said})" if said else "")

    @property
    def thresholds(self) -> dict[str, float]:
        """Region -> probability threshold, for thresholds other than 0.5."""
        return dict(self.provenance.get("thresholds", {}))

    @property
    def threshold_text(self) -> str:
        """The thresholds for tables and names, e.g. ``ET > 0.30, WT > 0.60``; empty without any."""
        return ", ".join(f"{region} > {value:.2f}" for region, value in self.thresholds.items())

    def region_sizes(self) -> dict[str, float]:
        """Size of each region, the region with the fewest labels first.

        Returns:
            Region name -> size in ``grid.unit``: millilitres for volumes, pixels for pictures.
        """
        return dict(self._sizes)

    @cached_property
    def _sizes(self) -> dict[str, float]:
        """Cached, because tables show the sizes of every result."""
        counts = np.bincount(self.labels[self.labels > 0], minlength=256)  # most is background
        labels = {region.name: set(region.labels) for region in self.task.regions}
        return {
            name: float(sum(counts[value] for value in labels[name])) * self.grid.voxel_size
            for name in self.task.reported_regions
        }

    @property
    def found_all(self) -> bool:
        """True if every region was found."""
        return all(self.region_sizes().values())

    def region_ml(self) -> dict[str, float]:
        """Volume of each region, the region with the fewest labels first.

        Returns:
            Region name -> volume in millilitres.

        Raises:
            InputError: for pictures, whose regions have no volume; see `region_sizes`.
        """
        if self.grid.dims != 3:
            raise InputError(
                f"{self.case} is a picture: its regions have no volume; region_sizes gives pixels"
            )
        return self.region_sizes()

    def probability(self, region: str) -> npt.NDArray[np.float32]:
        """The probability of one region at every voxel.

        Args:
            region: name of a region of the task.

        Returns:
            float32 array (*spatial) on ``grid``, 0 to 1.

        Raises:
            InputError: if the task has no such region, or if probabilities were not requested.
        """
        self.task.region(region)  # raises for an unknown one
        if region not in self.probabilities:
            raise InputError(
                f"{self.name} of case {self.case} has no probabilities: call predict again with "
                "probabilities=True"
            )
        return self.probabilities[region]

    def save(self, path: str | Path) -> Path:
        """Write the label map or a table of region sizes, depending on the file extension.

        Args:
            path: ``.nii.gz`` or ``.nii``: the label map in the orientation of the input file;
                ``.seg.nrrd``: the same with names and colours for 3D Slicer; ``.png``: the label
                map of a picture; ``.csv``: sizes of the regions in mL or pixels.

        Returns:
            The path that was written.

        Raises:
            InputError: for another ending, or if the file cannot be written.
        """
        from shaspec.io.export import write_labels, write_sizes
        from shaspec.io.origin import Origin

        if Path(path).suffix.lower() == ".csv":
            return write_sizes(path, [self])
        origin = Origin.EDITED if self.provenance.get("edited") else Origin.RESULT
        return write_labels(path, self.labels, self.grid, self.task.labels, origin)

    def __repr__(self) -> str:
        unit, digits = self.grid.unit, 1 if self.grid.dims == 3 else 0
        sizes = (
            f"{region} {size_text(size, digits)}" + (f" {unit}" if size else "")
            for region, size in self.region_sizes().items()
        )
        return f"<Prediction {self.name} of case {self.case}: {', '.join(sizes)}>"

    def _repr_html_(self) -> str:
        digits = 2 if self.grid.dims == 3 else 0
        titles = {region.name: region.title for region in self.task.regions}
        rows = [
            (name, titles[name], size_text(size, digits))
            for name, size in self.region_sizes().items()
        ]
        notes = [] if self.found_all else [NOT_FOUND_NOTE]
        return html_table(
            f"{self.name}, case {self.case}",
            ("region", "title", self.grid.unit),
            rows,
            [*_origin(self.provenance), *notes],
        )


def _origin(provenance: Mapping[str, Any]) -> list[str]:
    """Lines for a notebook: the model, whether it was trained on the case, notices."""
    lines = [f"model {provenance['model']}"] if provenance.get("model") else []
    if provenance.get("seen_in_training"):
        lines.append(
            "This case was in the training set; the result says nothing about accuracy on new "
            "cases."
        )
    return [*lines, *map(str, provenance.get("notices", ()))]


def size_text(size: float, digits: int) -> str:
    """A size as text for users.

    Args:
        size: in mL or pixels.
        digits: decimals.

    Returns:
        The number, or ``not found`` for a region without a voxel.
    """
    return f"{size:.{digits}f}" if size else NOT_FOUND


@dataclass(frozen=True, eq=False, repr=False)
class Classification:
    """Probabilities of the classes of one subset of one case."""

    case: str
    """Name of the case."""
    task: Task
    """Its labels are the classes."""
    subset: Subset
    """The modalities that were used, in task order."""
    probabilities: npt.NDArray[np.float32]
    """(K,) in the order of the labels of the task; they add up to 1."""
    provenance: dict[str, Any]
    """Like that of a `Prediction`, without window and overlap."""

    @property
    def name(self) -> str:
        """Name for tables, e.g. ``class · image+audio``."""
        return f"class · {self.task.subset_name(self.subset)}"

    @property
    def ranked(self) -> list[tuple[Label, float]]:
        """All classes with their probabilities, the most probable first."""
        pairs = zip(self.task.labels, map(float, self.probabilities), strict=True)
        return sorted(pairs, key=lambda pair: -pair[1])

    @property
    def sentence(self) -> str:
        """The most probable class as text, e.g. ``class seven (97 %)``."""
        label, probability = self.ranked[0]
        return f"class {label.title} ({100 * probability:.0f} %)"

    def save(self, path: str | Path) -> Path:
        """Write a table with a row per class.

        Args:
            path: a ``.csv`` file.

        Returns:
            The path that was written.

        Raises:
            InputError: for another ending, or if the file cannot be written.
        """
        from shaspec.io.export import write_classes

        return write_classes(path, [self])

    def __repr__(self) -> str:
        return f"<Classification {self.name} of case {self.case}: {self.sentence}>"

    def _repr_html_(self) -> str:
        rows = [(label.title, f"{100 * probability:.1f} %") for label, probability in self.ranked]
        title = f"{self.name}, case {self.case}"
        return html_table(title, ("class", "probability"), rows, _origin(self.provenance))
