"""Computes `measure` for a session, including the run of the untrained network."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Protocol

from shaspec.analysis.features.measure import Measures, measure
from shaspec.inference.events import Computed, Notice, Progress
from shaspec.inference.feature_maps import FeatureMaps


class Comparable(Protocol):
    """A session, on this machine or on a server, that can run an untrained network too."""

    def untrained_features(
        self, present: Iterable[str] | None = None, seed: int = 0
    ) -> Iterator[Progress | Notice | Computed[FeatureMaps]]:
        """Feature maps of a network of the same configuration with random weights."""


def measure_job(
    session: Comparable, maps: FeatureMaps, seed: int = 0
) -> Iterator[Progress | Notice | Computed[Measures]]:
    """Runs an untrained network of the same configuration on the same case, then `measure`.

    Yields the progress of that run, then `Computed` with `Measures`.
    """
    for event in session.untrained_features(maps.present, seed):
        if isinstance(event, Computed):
            yield Progress(1, 1, "measuring")
            yield Computed(measure(maps, event.value, seed))
        elif isinstance(event, Progress):
            yield replace(event, stage=f"untrained: {event.stage}")
        else:
            yield event
