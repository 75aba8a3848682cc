"""Fake sessions with known label maps, without a network."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field

import numpy as np
import pytest

from shaspec.analysis.robustness import RowAdded, sweep
from shaspec.analysis.subset_table import SubsetTable
from shaspec.case import Case
from shaspec.geometry import Grid
from shaspec.inference.events import Event, Finished, Notice, Progress
from shaspec.prediction import Prediction
from shaspec.task import Subset, Task

SHAPE = (2, 3, 4)


@dataclass
class PretendedSession:
    """Each modality finds a slab of its own: FLAIR oedema, T1ce enhancing tumour, others none."""

    case: Case
    seen_in_training: bool = False
    begun: list[Subset] = field(default_factory=list)
    closed: int = 0

    def predict(self, present: Iterable[str]) -> Iterator[Event]:
        task = self.case.task
        subset = task.subset(present)
        self.case.only(subset)
        self.begun.append(subset)
        try:
            yield Progress(0, 2, "prepared")
            yield Progress(1, 2, "decode")
            if len(self.begun) == 1:
                yield Notice("smaller windows")
            yield Progress(2, 2, "decode")
            yield Finished(prediction(task, subset, pretended_labels(subset), self.case.grid))
        finally:
            self.closed += 1


def pretended_labels(subset: Subset) -> np.ndarray:
    labels = np.zeros(SHAPE, np.uint8)
    if "FLAIR" in subset:
        labels[0] = 2
    if "T1ce" in subset:
        labels[:, 0] = 4
    return labels


def prediction(
    task: Task, subset: Subset, labels: np.ndarray, grid: Grid | None = None
) -> Prediction:
    grid = grid or Grid(SHAPE, (10.0, 10.0, 10.0))
    return Prediction("anna", task, grid, subset, labels, {"model": "pretended"})


@pytest.fixture
def session(brats: Task) -> PretendedSession:
    """A case of 2x3x4 voxels of 1 mL with all four modalities."""
    volumes = {name: np.zeros(SHAPE, np.float32) for name in brats.names}
    return PretendedSession(Case("anna", brats, Grid(SHAPE, (10.0, 10.0, 10.0)), volumes))


@pytest.fixture
def run_sweep() -> Callable[..., SubsetTable]:
    """The last table of a sweep."""

    def run(*words: object, **options: object) -> SubsetTable:
        tables = [e.table for e in sweep(*words, **options) if isinstance(e, RowAdded)]  # type: ignore[arg-type]
        return tables[-1]

    return run
