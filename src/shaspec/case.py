"""One subject: volumes by modality, the grid that they share, and labels if there are any."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from shaspec.errors import InputError
from shaspec.geometry import Grid
from shaspec.notebook import html_table
from shaspec.task import Subset, Task

Array = npt.NDArray[Any]


class Reduce(Protocol):
    """Makes the case of a subset of volumes that were on several grids."""

    def __call__(self, subset: Subset) -> Case:
        """The case without labels, as if only ``subset`` had been acquired."""

    def grid(self, subset: Subset) -> Grid:
        """Its grid, which depends only on ``subset``."""


@dataclass(frozen=True, eq=False, repr=False)
class Case:
    """The volumes of one subject. An absent modality has no entry.

    Raises:
        InputError: without a volume, for an unknown name, or a shape that does not fit the grid.
    """

    name: str
    """Name for tables, files and messages."""
    task: Task
    """Modalities, labels and regions."""
    grid: Grid
    """Position of the voxels. In a classification task: the grid of the first input."""
    volumes: Mapping[str, Array]
    """Modality -> array on ``grid``: (*spatial) for one channel, (C, *spatial) for several, where
    spatial is (S, P, L) for volumes and (row, column) for pictures. The inputs of a
    classification task (an image and a sound) may differ in shape."""
    labels: npt.NDArray[np.uint8] | None = None
    """uint8 label map (*spatial) in the codes of ``task``; None: the case has no labels."""
    files: Mapping[str, Path] = field(default_factory=dict)
    """The file of each modality, and of ``"labels"``; empty for arrays in memory."""
    channels: Mapping[str, int] = field(default_factory=dict, kw_only=True)
    """Index along the fourth dimension of its file, for modalities in one 4D file."""
    notices: tuple[str, ...] = ()
    """Notices for the user, e.g. resampled volumes, an oblique file, the label scheme. Strings;
    `shaspec.notices` tells their kinds apart."""
    doubts: tuple[str, ...] = ()
    """The notices that question which file is which modality."""
    reduce: Reduce | None = field(default=None, repr=False)
    """For volumes that were on several grids."""

    def __post_init__(self) -> None:
        self.task.subset(self.volumes)  # raises for unknown names or none
        for name, array in self.volumes.items():
            spatial = self.grid_of(name).shape
            self._check(name, array, self.task.modality(name).array_shape(spatial))
        if self.labels is not None:
            self._check("labels", self.labels, self.grid.shape)

    def _check(self, name: str, array: Array, expected: tuple[int, ...]) -> None:
        if array.shape != expected:
            raise InputError(
                f"{name} of case {self.name} has shape {array.shape}, but its grid needs {expected}"
            )

    def grid_of(self, name: str) -> Grid:
        """The grid of one modality.

        Args:
            name: a present modality.

        Returns:
            ``grid``; for an input of a classification task with another shape, a grid of that shape
            with spacing 1.
        """
        shape = self.volumes[name].shape[-self.grid.dims :]
        if self.task.kind == "segmentation" or shape == self.grid.shape:
            return self.grid
        return Grid(shape, (1.0,) * len(shape))

    @property
    def present(self) -> Subset:
        """Names of the present modalities, in task order."""
        return self.task.subset(self.volumes)

    @property
    def missing(self) -> Subset:
        """Names of the absent modalities, in task order."""
        return tuple(n for n in self.task.names if n not in self.volumes)

    @property
    def origin(self) -> dict[str, Any]:
        """``files`` and, of a 4D file, ``channels``; JSON-ready."""
        files = {name: str(path.absolute()) for name, path in self.files.items()}
        return {"files": files, **({"channels": dict(self.channels)} if self.channels else {})}

    def require(self, subset: Subset) -> None:
        """Check that modalities are present.

        Args:
            subset: names of the modalities.

        Raises:
            InputError: if one of them is absent.
        """
        absent = [name for name in subset if name not in self.volumes]
        if absent:
            raise InputError(f"case {self.name} has no {', '.join(absent)}")

    def only(self, subset: Subset) -> Case:
        """The same case as if only ``subset`` had been acquired.

        Args:
            subset: names of present modalities.

        Returns:
            A case with these volumes; arrays are shared, not copied. If the grid changes
            (`reduce`), the labels are left out.

        Raises:
            InputError: if one of them is not there.
        """
        self.require(subset)
        if self.reduce is not None:
            case = self.reduce(subset)
            return replace(case, labels=self.labels) if case.grid.matches(self.grid) else case
        return replace(self, volumes={name: self.volumes[name] for name in subset})

    def has_grid_of(self, subset: Subset) -> bool:
        """Whether the case as if only ``subset`` had been acquired has the grid of this one.

        Args:
            subset: names of present modalities.

        Returns:
            True for volumes that were on one grid.
        """
        return self.reduce is None or self.reduce.grid(subset).matches(self.grid)

    def own(self, subset: Subset) -> Case | None:
        """The case as if only ``subset`` had been acquired, without labels, if its voxels differ.

        Args:
            subset: names of present modalities.

        Returns:
            None if this case has the same voxels.
        """
        if self.reduce is None:
            return None
        case = self.reduce(subset)
        same = case.grid.matches(self.grid) and all(
            np.array_equal(case.volumes[name], self.volumes[name]) for name in subset
        )
        return None if same else case

    def __repr__(self) -> str:
        missing = f", without {', '.join(self.missing)}" if self.missing else ""
        labels = "no labels" if self.labels is None else "labels"
        return (
            f"<Case {self.name}: {', '.join(self.present)}{missing}, "
            f"{' x '.join(map(str, self.grid.shape))}, {labels}>"
        )

    def _repr_html_(self) -> str:
        spacing = " x ".join(f"{size:g}" for size in self.grid.spacing)
        arrays = dict(self.volumes) | ({} if self.labels is None else {"labels": self.labels})
        rows = []
        for name, array in arrays.items():
            shape = " x ".join(map(str, array.shape))
            rows.append((name, shape, str(array.dtype), str(self.files.get(name, ""))))
        notes = [f"absent: {', '.join(self.missing)}"] if self.missing else []
        unit = "mm" if self.grid.dims == 3 else "pixels"
        return html_table(
            f"Case {self.name}, task {self.task.name}",
            ("volume", "shape", "type", "file"),
            rows,
            [f"voxel size {spacing} {unit}", *notes, *self.notices],
        )
