"""Sweep: segments a case from all subsets of its modalities.

The features of each modality are encoded in the first run and cached, so each of the other 2^M - 2
subsets needs only a decoder run (if the model supports it: see `Card.instant_toggles`).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

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
from shaspec.inference.events import Finished, Notice, Progress
from shaspec.inference.interface import AnySession
from shaspec.prediction import Prediction
from shaspec.task import Subset, Task

STEPS = 100  # units of progress for one subset, whatever its number of windows


@dataclass(frozen=True)
class RowAdded:
    """A subset is done: ``table`` has all rows so far, the new one last."""

    table: SubsetTable
    """All rows so far, the new one last."""


SweepEvent = Progress | Notice | RowAdded


def sweep(
    session: AnySession,
    subsets: Sequence[Subset] | None = None,
    truth: npt.NDArray[Any] | None = None,
    *,
    measures: Sequence[Measure] | None = None,
) -> Iterator[SweepEvent]:
    """Segment the case of a session from every subset of its modalities.

    All modalities come first, then ever smaller subsets. Without ``truth`` the rows are compared
    with the result of all modalities, which is then run even if ``subsets`` lacks it.

    Args:
        session: a session that segments; its kept features make all but the first run fast.
        subsets: which subsets; default: all 2^M - 1 of the M modalities of the case.
        truth: label map (*spatial) on the grid of the case, in the codes of its task.
        measures: what to compute per region; default: Dice, HD95 and size.

    Yields:
        `Progress` (in hundredths of a subset), `Notice`, and `RowAdded` per subset; the last one
        has the whole table. Closing the generator cancels.

    Raises:
        InputError: for subsets that the case does not have, a truth on another grid, and a
            classification task.
        OutOfMemoryError: if not even the smallest window fits into memory.
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
        case.require(subset)
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
