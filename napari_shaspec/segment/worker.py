"""Jobs of the panel *Segment*: a run, its probabilities, other thresholds, a report."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_shaspec.case.volume_sources import VolumeSources
from napari_shaspec.jobs.importing import load_plotting
from napari_shaspec.jobs.state import Written
from napari_shaspec.layers.results import Drawn, drawn
from shaspec.analysis.size_interval import with_intervals
from shaspec.inference.events import Finished, Notice, Progress
from shaspec.prediction import Classification, Prediction
from shaspec.thresholds import thresholded

if TYPE_CHECKING:
    from napari_shaspec.engine import Session
    from shaspec.measuring import Measurements
    from shaspec.models.card import Card
    from shaspec.task import Subset


@dataclass(frozen=True, eq=False)
class Made:
    """Event: a result, with all that takes time to show it."""

    made: Prediction
    """As the network made it; with probabilities if they were asked for."""
    result: Prediction
    """For the table: with its thresholds, without probabilities."""
    drawn: Drawn
    """For its layer."""
    known: bool = False
    """True if the table has this result already, and only its probabilities are new."""


def predict_job(
    session: Session, subset: Subset, *, probabilities: bool, known: Prediction | None = None
) -> Iterator[Progress | Notice | Finished[Prediction | Classification] | Made]:
    """Segments, or classifies.

    Args:
        session: of the case.
        subset: the modalities to use.
        probabilities: keep the probabilities of the regions.
        known: the result in the table, if only its probabilities are asked for. A result that
            differs, because the settings have changed, is a new one.
    """
    options: dict[str, Any] = {"probabilities": True} if probabilities else {}
    if probabilities:
        load_plotting()  # for the colours of their layer
    for event in session.predict(subset, **options):
        if isinstance(event, Finished) and isinstance(event.prediction, Prediction):
            yield made_of(with_intervals(event.prediction), known)
        else:
            yield event


def made_of(made: Prediction, known: Prediction | None = None) -> Made:
    """What is shown of a result; arguments as of `predict_job`."""
    if known is not None:
        again = thresholded(made, known.thresholds)
        if np.array_equal(again.labels, known.labels):
            return Made(made, known, drawn(known), known=True)
    return _event(made, {})


def threshold_job(made: Prediction, thresholds: Mapping[str, float]) -> Iterator[Made]:
    """Makes the labels of a result for other thresholds."""
    yield _event(made, thresholds)


def _event(made: Prediction, thresholds: Mapping[str, float]) -> Made:
    changed = thresholded(made, thresholds)
    result = replace(changed, probabilities={}, label_probabilities={})  # which take much memory
    result.region_sizes()  # kept by the result: tables ask for them
    return Made(made, result, drawn(result))


def report_job(
    path: Path,
    parts: VolumeSources,
    results: list[Prediction],
    card: Card | None = None,
    measurements: Sequence[Measurements] = (),
) -> Iterator[Progress | Notice | Written]:
    """Writes a report on the case. Slow: run it in a worker."""
    yield Progress(0, 0, "writing the report")
    from shaspec.report import write_report

    yield Written(write_report(path, parts.case(), results, card, measurements))
