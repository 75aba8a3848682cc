"""The session that `shaspec resident` keeps: the next command on the same case continues with it.

A command reads only the modalities that it uses, as if the others had not been acquired. So the
kept session has the volumes of all commands on a case, and each command gets the part that it read.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from shaspec.case import Case
from shaspec.cli.engines import Engine, new_engine
from shaspec.geometry import Grid
from shaspec.inference.events import Computed, Finished, Notice, Progress
from shaspec.inference.feature_maps import FeatureMaps
from shaspec.inference.interface import AnySession, KnowsTraining
from shaspec.inference.options import RunOptions
from shaspec.models.card import Card
from shaspec.prediction import Classification, Prediction


class Kept:
    """Engines, and the session of the last command."""

    def __init__(self) -> None:
        self._engines: dict[str, Engine] = {}
        self._key: tuple[Any, ...] = ()
        self._session: AnySession | None = None

    def engine(self, server: str) -> Engine:
        """The engine of a command; sessions that it opens may be kept ones."""
        if server not in self._engines:
            self._engines[server] = new_engine(server)
        return _KeepingEngine(self, server, self._engines[server])

    def forget(self) -> None:
        """Free the features, the case and the model."""
        session, self._session, self._key = self._session, None, ()
        if session is not None:
            session.release()

    def session(
        self, engine: Engine, key: tuple[Any, ...], model: str, case: Case, run: RunOptions
    ) -> AnySession:
        """The kept session if it fits, else another one, of which the case has both volumes."""
        kept = self._session if key == self._key else None
        both = _together(kept.case, case) if kept is not None else None
        if kept is not None and both is kept.case:
            return PartSession(kept, case)
        self.forget()
        self._session = engine.session(model, both or case, run)
        self._key = key
        return PartSession(self._session, case)


@dataclass(frozen=True)
class _KeepingEngine:
    """An engine whose sessions are kept."""

    kept: Kept
    server: str
    engine: Engine

    def card(self, model: str) -> Card:
        return self.engine.card(model)

    def session(self, model: str, case: Case, run: RunOptions) -> AnySession:
        key = (self.server, model, self.card(model).sha256, *run.keywords.items())
        return self.kept.session(self.engine, key, model, case, run)

    def end(self, session: AnySession) -> None:
        """Does nothing: the session is kept for the next request."""


class PartSession(KnowsTraining):
    """A session for one case, which computes on a session that has its volumes and others.

    Args:
        whole: computes.
        case: its volumes are some of those of ``whole``.
    """

    def __init__(self, whole: AnySession, case: Case) -> None:
        self._whole, self.case, self.card = whole, case, whole.card

    def is_kept(self, present: Iterable[str]) -> bool:
        """Whether a subset can be decoded without encoding anything."""
        subset = self.case.task.subset(present)
        return self.case.has_grid_of(subset) and self._whole.is_kept(subset)

    def release(self) -> None:
        """Free what is kept."""
        self._whole.release()

    def predict(
        self, present: Iterable[str] | None = None, *, probabilities: bool = False
    ) -> Iterator[Progress | Notice | Finished[Prediction | Classification]]:
        """The result as if only ``present`` had been acquired."""
        subset = self.case.task.subset(self.case.present if present is None else present)
        self.case.require(subset)
        for event in self._whole.predict(subset, probabilities=probabilities):
            if isinstance(event, Finished):
                made = event.prediction
                facts = made.provenance | self._facts
                if isinstance(made, Prediction):
                    made = replace(made, grid=self.case.grid)
                yield Finished(replace(made, case=self.case.name, provenance=facts))
            else:
                yield event

    def features(
        self, present: Iterable[str] | None = None
    ) -> Iterator[Progress | Notice | Computed[FeatureMaps]]:
        """Feature maps of every modality, those of other commands included."""
        return self._whole.features(self.case.present if present is None else present)

    @property
    def _facts(self) -> dict[str, Any]:
        """What differs in the provenance of the same voxels."""
        seen = self.seen
        return {
            "case": self.case.name,
            "seen_in_training": seen == "by content",
            "same_name_in_training": seen == "by name",
            **self.case.origin,
            "notices": list(self.case.notices),
        }


def _together(kept: Case, case: Case) -> Case | None:
    """A case with the volumes of both; ``kept`` itself if it has all; None: they do not fit."""
    labelled = kept.labels is not None or case.labels is not None
    if labelled or kept.task != case.task or not _same_grid(kept.grid, case.grid):
        return None
    shared = kept.volumes.keys() & case.volumes.keys()
    if not all(_same(kept.volumes[name], case.volumes[name]) for name in shared):
        return None
    if shared == case.volumes.keys() and (kept.reduce or not case.reduce):
        return kept
    if kept.reduce or case.reduce:  # volumes of several grids: one depends on the others
        return None
    files = {**kept.files, **case.files}
    return replace(case, volumes={**kept.volumes, **case.volumes}, files=files)


def _same(one: Any, other: Any) -> bool:
    return one.dtype == other.dtype and np.array_equal(one, other, equal_nan=one.dtype.kind == "f")


def _same_grid(one: Grid, other: Grid) -> bool:
    """Whether the voxels of two grids are the same ones, exactly."""
    if (one.shape, one.spacing, one.origin) != (other.shape, other.spacing, other.origin):
        return False
    if one.source_affine is None or other.source_affine is None:
        return one.source_affine is other.source_affine
    return np.array_equal(one.source_affine, other.source_affine)
