"""A pretended network whose results can be told apart, and a runner whose jobs stand still."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from napari_shaspec.jobs.runner import guarded
from shaspec.errors import ShaspecError
from shaspec.inference.events import Finished
from tests.napari_shaspec.fakes import FakeEngine, FakeSession, ball_labels

NAMES = ("anna", "berta")
MODELS = ("instant", "slow")


def labels_of(case: str, model: str, subset: Sequence[str]) -> np.ndarray:
    """The labels that the pretended network gives."""
    labels = ball_labels(len(subset))
    labels[2, 2, 2 + (NAMES.index(case) if case in NAMES else len(NAMES))] = 1
    labels[2, 4, 2 + MODELS.index(model)] = 2
    for name in subset:
        labels[2, 6, 2 + ("FLAIR", "T1", "T1ce", "T2").index(name)] = 4
    return labels


class MarkingSession(FakeSession):
    """A session whose results are `labels_of` their case, model and subset."""

    model = ""

    def predict(self, present: Any, *, probabilities: bool = False) -> Iterator[Any]:
        for event in super().predict(present, probabilities=probabilities):
            if not isinstance(event, Finished):
                yield event
                continue
            made = event.prediction
            labels = labels_of(made.case, self.model, made.subset)
            maps = {
                name: np.where(mask, 0.8, 0.1).astype(np.float32)
                for name, mask in zip(
                    made.task.region_names, made.task.region_masks(labels), strict=True
                )
            }
            facts = made.provenance | {"model": self.model, "sha256": self.model}
            maps = maps if probabilities else {}
            yield Finished(replace(made, labels=labels, provenance=facts, probabilities=maps))


class MarkingEngine(FakeEngine):
    """Two models that can be told apart."""

    session_type: type[MarkingSession] = MarkingSession

    def card(self, model: str) -> Any:
        return super().card(model).model_copy(update={"sha256": model})

    def session(self, model: str, case: Any, settings: Any) -> MarkingSession:
        made = self.session_type(case, keeps=model == "instant")
        made.model = model
        return made


class Jobs:
    """A runner whose jobs stand still until a step of the walk advances them."""

    def __init__(self) -> None:
        self._pending: list[tuple[Iterator[Any], Any]] = []
        self._steps: Iterator[None] = iter(())  # of the event that is being handled

    @property
    def idle(self) -> bool:
        """Whether every job has ended."""
        return not self._pending

    def __call__(self, job: Any, handlers: Any, stop: threading.Event) -> None:
        """Starts a job: see `napari_shaspec.jobs.runner.Runner`."""
        self._pending.append((guarded(job, stop), handlers))

    def advance(self, events: int) -> None:
        """Lets jobs do a number of steps in all, the oldest job first."""
        for _ in range(events):
            if self.idle:
                return
            job, handlers = self._pending[0]
            try:
                if next(self._steps, self) is self:
                    self._steps = handlers.event(next(job)) or iter(())
                continue
            except StopIteration:
                pass
            except ShaspecError as error:
                handlers.failed(error)
            self._pending.remove((job, handlers))
            handlers.ended()
