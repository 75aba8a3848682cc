"""What a session promises holds for every method, for volumes and for pictures."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from shaspec.case import Case
from shaspec.inference.events import Finished, Progress
from shaspec.inference.prediction import Prediction
from shaspec.inference.session import InferenceSession
from shaspec.models.registry import METHODS
from shaspec.models.weights import Model
from shaspec.task import Task

SEGMENTING = sorted(set(METHODS) - {"shaspec-classifier"})


@pytest.fixture(params=["brats", "rgbd"])
def case(request: pytest.FixtureRequest) -> Case:
    """A volume with one channel per modality, and a colour picture with its depth."""
    name = {"brats": "small_case", "rgbd": "picture_case"}[request.param]
    found: Case = request.getfixturevalue(name)
    return found


@pytest.fixture(params=SEGMENTING)
def open_session(
    request: pytest.FixtureRequest, case: Case, model_of: Callable[[Task, str], Model]
) -> Callable[..., InferenceSession]:
    """Opens sessions of one tiny model; its windows tile the case."""
    model = model_of(case.task, request.param)
    return lambda given=case, **options: InferenceSession(model, given, device="cpu", **options)


def run(session: InferenceSession, *present: str) -> Prediction:
    *_, last = session.predict(present or None)
    assert isinstance(last, Finished)
    return last.prediction


def test_every_subset_is_segmented_and_a_toggle_equals_a_fresh_run(
    case: Case, open_session: Callable[..., InferenceSession]
) -> None:
    session = open_session()
    whole = run(session)
    assert whole.labels.shape == case.grid.shape
    assert set(np.unique(whole.labels)) <= {0, *(label.value for label in case.task.labels)}
    for subset in (case.task.names[:1], case.task.names[-1:], case.task.names[:2]):
        assert session.is_kept(subset) is session.model.card.instant_toggles
        toggled = run(session, *subset)
        fresh = run(open_session(case.only(subset), keep=0))
        np.testing.assert_array_equal(toggled.labels, fresh.labels)
    np.testing.assert_array_equal(run(session).labels, whole.labels)


def test_progress_counts_windows_and_a_cancelled_run_can_be_taken_up(
    case: Case, open_session: Callable[..., InferenceSession]
) -> None:
    session = open_session()
    events: Any = session.predict(case.task.names[:1])
    first = next(events)
    assert isinstance(first, Progress)
    assert (first.done, first.stage) == (0, "prepared")
    assert first.total > 1
    next(events)
    events.close()
    ticks = [e for e in session.predict(case.task.names[:1]) if isinstance(e, Progress)]
    assert ticks[-1].done == ticks[-1].total
    assert ticks[0].total == first.total - int(session.model.card.instant_toggles)
