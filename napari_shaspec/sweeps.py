"""The job of the panel *Robustness*: all subsets of a case, with one model after the other."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from napari_shaspec.assignment import Parts
from napari_shaspec.sessions import KeptSession
from shaspec.analysis import robustness
from shaspec.analysis.robustness import RowAdded
from shaspec.inference.events import Notice, Progress


def sweep_models(
    kept: KeptSession, names: Mapping[str, str], parts: Parts
) -> Iterator[Progress | Notice | RowAdded]:
    """Rows of the models ``{model: name in the tables}``; only one at a time holds features."""
    for model, name in names.items():
        try:
            run = kept.job(
                model, parts, lambda session: robustness.sweep(session, truth=session.case.labels)
            )
            for event in run:
                if isinstance(event, RowAdded):
                    yield RowAdded(replace(event.table, model=name))
                elif isinstance(event, Progress) and len(names) > 1:
                    yield replace(event, stage=f"{name}, {event.stage}")
                elif isinstance(event, Progress | Notice):
                    yield event
        finally:
            kept.forget()
