"""What a check looks at, and what it says."""

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
    """Something that a user should know of the content of a case."""

    level: Level
    """``refuse``: the case cannot be used like this."""
    text: str
    mend: str
    of_roles: bool = False
    """Whether it speaks against which file is which modality."""

    @property
    def sentence(self) -> str:
        """For a notice or an error."""
        return f"{self.text}; {self.mend}"


@dataclass(frozen=True, eq=False)
class Scan:
    """One modality of a case, as a check sees it."""

    modality: Modality
    array: Array
    """(*spatial) or (C, *spatial), as stored."""
    grid: Grid | None = None
    """None: a picture."""
    path: Path | None = None

    @property
    def shown(self) -> str:
        """Modality and file, for a sentence."""
        return f"{self.modality.name} ({self.path.name})" if self.path else self.modality.name

    @property
    def continuous(self) -> bool:
        """Whether it is a scan, which has many values."""
        return self.modality.normalisation in CONTINUOUS
