"""State of the panel *Many cases*."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from napari_shaspec.jobs.state import JobState
from shaspec.cohort.manifest import Record
from shaspec.cohort.review import Mark
from shaspec.io import CaseFiles

RowStatus = Literal["waiting", "running", "done", "failed"]


@dataclass(frozen=True)
class Row:
    """One case of the folder."""

    files: CaseFiles
    status: RowStatus = "waiting"
    said: str = ""
    """Why it failed, or what was found about the input."""
    record: Record | None = None
    """Of the result, if it is done."""
    mark: Mark = ""

    @property
    def name(self) -> str:
        """Name of the case."""
        return self.files.name


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
    chosen: str = ""
    """Name of the case that is open for review."""

    @property
    def chosen_row(self) -> Row | None:
        """The row of the case that is open for review."""
        return next((row for row in self.rows if row.name == self.chosen), None)
