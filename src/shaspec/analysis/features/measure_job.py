"""Computes `measure` for a session, including the run of the untrained network."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from shaspec.analysis.features.measure import Measures, measure
from shaspec.inference.events import Computed, Notice, Progress
from shaspec.inference.feature_maps import FeatureMaps
from shaspec.inference.session import InferenceSession
from shaspec.models.weights import untrained


def measure_job(
    session: InferenceSession, maps: FeatureMaps, seed: int = 0
) -> Iterator[Progress | Notice | Computed[Measures]]:
    """Runs an untrained network of the same configuration on the same case, then `measure`.

    Yields the progress of that run, then `Computed` with `Measures`.
    """
    other = InferenceSession(
        untrained(session.model, seed),
        session.case,
        device=session.device,
        precision=session.precision,
        window=session.window,
        overlap=session.overlap,
        keep=0,
    )
    for event in other.features(maps.present):
        if isinstance(event, Computed):
            yield Progress(1, 1, "measuring")
            yield Computed(measure(maps, event.value, seed))
        elif isinstance(event, Progress):
            yield replace(event, stage=f"untrained: {event.stage}")
        else:
            yield event
