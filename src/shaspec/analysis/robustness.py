"""Sweep: segments a case from all subsets of its modalities.

The features of each modality are encoded in the first run and cached, so each of the other 2^M - 2
subsets needs only a decoder run (if the model supports it: see `Card.instant_toggles`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from shaspec.analysis.subset_table import (
    ALL,
    TRUTH,
    Mask,
    Measure,
    SubsetRow,
    SubsetTable,
    Values,
    measures_of,
    subsets_of,
)
from shaspec.case import Case
from shaspec.errors import InputError
from shaspec.inference.events import Event, Finished, Notice, Progress
from shaspec.prediction import Classification, Prediction
from shaspec.task import Subset, Task

STEPS = 100  # units of progress for one subset, whatever its number of windows


class Session(Protocol):
    """The part of `shaspec.inference.session.InferenceSession` that a sweep uses."""

    @property
    def case(self) -> Case: ...

    @property
    def seen_in_training(self) -> bool: ...

    def predict(self, present: Iterable[str]) -> Iterator[Event | Finished[Classification]]: ...


@dataclass(frozen=True)
class RowAdded:
    """A subset is done: ``table`` has all rows so far, the new one last."""

    table: SubsetTable


SweepEvent = Progress | Notice | RowAdded


def sweep(
    session: Session,
    subsets: Sequence[Subset] | None = None,
    truth: npt.NDArray[Any] | None = None,
    *,
    measures: Sequence[Measure] | None = None,
) -> Iterator[SweepEvent]:
    """Segments the case from every subset of its modalities (or from ``subsets``).

    The subset of all modalities comes first, then smaller ones. Closing the generator cancels.

    Args:
        session: the model and the case.
        subsets: default: all.
        truth: label map (*spatial) on the grid of the case, in the codes of its task, to compare
            with; None: the result of all modalities, which then runs even if not in ``subsets``.
        measures: default: those of `measures_of`.

    Yields:
        `Progress` (in hundredths of a subset), `Notice`, and `RowAdded` per subset; the last one
        has the complete table.

    Raises:
        InputError: the case lacks a subset, the truth is on another grid, or the task has classes
            instead of regions. Also the errors of `InferenceSession.predict`.
    """
    case = session.case
    if case.task.kind == "classification":
        raise InputError(
            f"task {case.task.name!r} predicts classes and has no regions to compare; use "
            "`shaspec sweep` to classify from every subset"
        )
    measures = measures_of(case.grid.dims) if measures is None else measures
    order = _order(case, subsets, with_all=truth is None)
    masks = None if truth is None else _truth_masks(case, truth)
    table: SubsetTable | None = None
    for index, subset in enumerate(order):
        name = case.task.subset_name(subset)
        prediction: Prediction | None = None
        for event in session.predict(subset):
            if isinstance(event, Finished):
                assert isinstance(event.prediction, Prediction)  # classification was refused above
                prediction = event.prediction
            elif isinstance(event, Progress):
                done = STEPS * index + STEPS * event.done // max(1, event.total)
                stage = f"{index + 1} of {len(order)}: {name}"
                yield Progress(done, STEPS * len(order), stage)
            elif isinstance(event, Notice):
                yield event
        assert prediction is not None
        predicted = _masks(case.task, prediction.labels)
        if masks is None:
            masks = predicted
        if table is None:
            table = SubsetTable(
                case=case.name,
                model=str(prediction.provenance.get("model", "")),
                task=case.task,
                modalities=case.present,
                reference=ALL if truth is None else TRUTH,
                seen_in_training=session.seen_in_training,
                measures=tuple(measures),
                empty=_values(
                    measures,
                    {region: np.zeros_like(mask) for region, mask in masks.items()},
                    masks,
                    case.grid.spacing,
                ),
            )
        values = _values(measures, predicted, masks, case.grid.spacing)
        table = table.with_row(SubsetRow(prediction, values))
        yield RowAdded(table)


def _order(case: Case, subsets: Sequence[Subset] | None, *, with_all: bool) -> list[Subset]:
    """The subsets to run, each once, larger ones first."""
    if subsets is None:
        return subsets_of(case.present)
    requested = {case.task.subset(subset) for subset in subsets}
    for subset in requested:
        case.only(subset)  # raises InputError for missing modalities
    if with_all:
        requested.add(case.present)
    return [subset for subset in subsets_of(case.present) if subset in requested]


def _truth_masks(case: Case, truth: npt.NDArray[Any]) -> dict[str, Mask]:
    if truth.shape != case.grid.shape:
        raise InputError(
            f"the ground truth has shape {truth.shape}, but case {case.name} has "
            f"{case.grid.shape}: give labels on the grid of the case"
        )
    return _masks(case.task, truth)


def _masks(task: Task, labels: npt.NDArray[Any]) -> dict[str, Mask]:
    return dict(zip(task.region_names, task.region_masks(labels), strict=True))


def _values(
    measures: Sequence[Measure],
    predicted: dict[str, Mask],
    reference: dict[str, Mask],
    spacing: Sequence[float],
) -> Values:
    return {
        measure.name: {
            region: measure.function(predicted[region], reference[region], spacing)
            for region in predicted
        }
        for measure in measures
    }
