"""Work of the panel *Two dates* that runs in a worker."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from napari_shaspec.case.volume_sources import VolumeSources
from napari_shaspec.dates.state import Measured
from napari_shaspec.engine import Engine
from napari_shaspec.jobs.state import Written
from napari_shaspec.settings import InferenceSettings
from shaspec.inference.events import Computed, Notice, Progress

if TYPE_CHECKING:
    from shaspec.case import Case
    from shaspec.models.card import Card

SEEN = (
    "{} was in the training set of the model: its volumes say nothing about accuracy on new cases."
)


def measure_job(
    engine: Engine,
    model: str,
    dates: tuple[VolumeSources, VolumeSources],
    chosen: InferenceSettings,
) -> Iterator[Progress | Notice | Measured]:
    """Segments both dates from the modalities that both have, and compares the regions.

    Args:
        engine: opens a session on each date.
        model: name or folder.
        dates: the volumes of the earlier and of the later case.
        chosen: settings of the sessions; features are not kept, each date is segmented once.
    """
    from shaspec.analysis.change import change_job
    from shaspec.report.change import notes, table

    seen: list[str] = []

    def open_session(case: Case) -> Any:
        session = engine.session(model, case, chosen)
        if session.seen_in_training:
            seen.append(case.name)
        return session

    cases = []
    for parts in dates:
        yield Progress(0, 0, f"reading {parts.name}")
        cases.append(parts.case())
        yield from (Notice(f"{parts.name}: {text}") for text in cases[-1].notices)
    earlier, later = cases
    for event in change_job(open_session, earlier, later):
        if isinstance(event, Computed):
            yield from (Notice(SEEN.format(name)) for name in seen)
            yield Measured(event.value, table(event.value), notes(event.value)[0])
        else:
            yield event


def save_job(path: Path, measured: Measured) -> Iterator[Progress | Written]:
    """Writes the table as CSV."""
    from shaspec.analysis.change import write_change

    yield Progress(0, 0, "writing the table")
    yield Written(write_change(path, measured.change))


def report_job(path: Path, measured: Measured, card: Card | None) -> Iterator[Progress | Written]:
    """Writes the report of the later date, with a section on the change."""
    from shaspec.report import write_report

    yield Progress(0, 0, "writing the report")
    change = measured.change
    yield Written(write_report(path, change.later_case, [change.later], card, change=change))
