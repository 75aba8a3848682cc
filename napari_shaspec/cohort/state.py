"""State of the panel *Many cases*."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import numpy as np
import numpy.typing as npt

from napari_shaspec.jobs.state import JobState
from shaspec.cohort.manifest import Record
from shaspec.cohort.review import Mark

if TYPE_CHECKING:
    from shaspec.io import CaseFiles

RowStatus = Literal["waiting", "running", "done", "failed"]

Picture = npt.NDArray[np.uint8]


@dataclass(frozen=True)
class Row:
    """One case of the folder."""

    files: CaseFiles
    status: RowStatus = "waiting"
    said: str = ""
    """Why it failed, or what was found about the input."""
    record: Record | None = None
    """Record of the result, if it is done."""
    mark: Mark = ""

    @property
    def name(self) -> str:
        """Name of the case."""
        return self.files.name


@dataclass(frozen=True, eq=False)
class Pictured:
    """Event: the picture (row, column, rgb) of the result of a case."""

    case: str
    picture: Picture


@dataclass(eq=False)
class CohortState(JobState):
    """Everything the panel *Many cases* shows."""

    models: tuple[str, ...] = ()
    model: str = ""
    """A bundled model, or a model folder."""
    regions: tuple[str, ...] = ()
    """Regions of the task of the model, the smallest first."""
    data: Path | None = None
    """The folder, or list, of cases."""
    out: Path | None = None
    """The folder of the results."""
    rows: tuple[Row, ...] = ()
    pictures: dict[str, Pictured] = field(default_factory=dict)
    """Case -> the picture of its result."""
    chosen: str = ""
    """Name of the case that is open for review."""

    @property
    def chosen_row(self) -> Row | None:
        """The row of the case that is open for review."""
        return next((row for row in self.rows if row.name == self.chosen), None)
