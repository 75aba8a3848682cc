"""The input and the output of a check."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy.typing as npt

from shaspec.geometry import Grid
from shaspec.task import Modality

Array = npt.NDArray[Any]
Level = Literal["info", "warning", "refuse"]

CONTINUOUS = ("zscore", "window")  # normalisations of scans


@dataclass(frozen=True)
class Finding:
    """An observation about the content of a case, for the user."""

    level: Level
    """``refuse``: the case cannot be used as it is."""
    text: str
    mend: str
    of_roles: bool = False
    """Whether it questions which file is which modality."""

    @property
    def sentence(self) -> str:
        """The text of a notice or an error."""
        return f"{self.text}; {self.mend}"


@dataclass(frozen=True, eq=False)
class Scan:
    """One modality of a case, as passed to a check."""

    modality: Modality
    array: Array
    """(*spatial) or (C, *spatial), as stored."""
    grid: Grid | None = None
    """None for a picture."""
    path: Path | None = None

    @property
    def shown(self) -> str:
        """Modality and file, for messages."""
        return f"{self.modality.name} ({self.path.name})" if self.path else self.modality.name

    @property
    def continuous(self) -> bool:
        """Whether it should be a scan, which has many distinct values."""
        return self.modality.normalisation in CONTINUOUS
