"""One subject: named volumes on one grid, with labels where there are any."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from shaspec.errors import InputError
from shaspec.geometry import Grid
from shaspec.task import Subset, Task

Array = npt.NDArray[Any]


@dataclass(frozen=True, eq=False)
class Case:
    """The volumes of one subject that are there; an absent modality has no entry at all.

    ``volumes`` and ``labels`` are (S, P, L) arrays on ``grid``; ``labels`` is uint8 in the codes of
    ``task``. ``notices`` is what a user should know (resampled, oblique, label scheme).
    """

    name: str
    task: Task
    grid: Grid
    volumes: Mapping[str, Array]
    labels: npt.NDArray[np.uint8] | None = None
    files: Mapping[str, Path] = field(default_factory=dict)
    """Where each modality (and ``"labels"``) was read."""
    notices: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        self.task.subset(self.volumes)  # names are known, at least one is there
        arrays = dict(self.volumes) | ({} if self.labels is None else {"labels": self.labels})
        for name, array in arrays.items():
            if array.shape != self.grid.shape:
                raise InputError(
                    f"{name} of case {self.name} has shape {array.shape}, "
                    f"its grid {self.grid.shape}"
                )

    @property
    def present(self) -> Subset:
        """Names of the modalities that are there, in task order."""
        return self.task.subset(self.volumes)

    @property
    def missing(self) -> Subset:
        """Names of the modalities that are not there."""
        return tuple(n for n in self.task.names if n not in self.volumes)

    def only(self, subset: Subset) -> Case:
        """The same case as if only ``subset`` had been acquired."""
        absent = [name for name in subset if name not in self.volumes]
        if absent:
            raise InputError(f"case {self.name} has no {', '.join(absent)}")
        return replace(self, volumes={name: self.volumes[name] for name in subset})
