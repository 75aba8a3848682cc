"""Job of the panel *Segment* that writes a report."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from napari_shaspec.case.volume_sources import VolumeSources
from shaspec.inference.events import Notice, Progress
from shaspec.prediction import Prediction

if TYPE_CHECKING:
    pass


@dataclass(frozen=True)
class Written:
    """Event: a report was written."""

    path: Path


def report_job(
    path: Path, parts: VolumeSources, results: list[Prediction]
) -> Iterator[Progress | Notice | Written]:
    """Writes a report on the case. Slow: run it in a worker."""
    yield Progress(0, 0, "writing the report")
    from shaspec.report import write_report

    yield Written(write_report(path, parts.case(), results))
