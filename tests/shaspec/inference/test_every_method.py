"""Common behaviour of sessions, for every method and kind of input."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from shaspec.case import Case
from shaspec.errors import InputError, WeightsError
from shaspec.inference.base import Session
from shaspec.inference.classification import ClassificationSession
from shaspec.inference.events import Progress
from shaspec.inference.outcome import last_event
from shaspec.inference.session import InferenceSession
from shaspec.models.registry import CLASSIFIER, NETWORKS
from shaspec.models.weights import Model
from shaspec.prediction import Prediction
from shaspec.task import Task

pytestmark = pytest.mark.slow  # all subsets with every network

SEGMENTING = sorted(set(NETWORKS) - {CLASSIFIER})
CASES = {"brats": "small_case", "rgbd": "picture_case", "avmnist": "digit_case"}
RUNS = [(task, method) for task in ("brats", "rgbd") for method in SEGMENTING]


@pytest.fixture(params=[*RUNS, ("avmnist", CLASSIFIER)], ids="-".join)
def run_of(request: pytest.FixtureRequest) -> tuple[Case, str]:
    """A case (volumes, a colour picture with its depth, a digit) and a method that fits it."""
    task, method = request.param
    return request.getfixturevalue(CASES[task]), method


@pytest.fixture
def case(run_of: tuple[Case, str]) -> Case:
    return run_of[0]


@pytest.fixture
def open_session(
    run_of: tuple[Case, str], model_of: Callable[[Task, str], Model]
) -> Callable[..., Session[Any]]:
    """Opens sessions of one tiny model; its windows tile the case."""
    case, method = run_of
    model = model_of(case.task, method)
    kind = ClassificationSession if method == CLASSIFIER else InferenceSession
    return lambda given=case, **options: kind(model, given, device="cpu", **options)


def answer(session: Session[Any], *present: str) -> Any:
    """The label map, or the probabilities of the classes."""
    result = last_event(session.predict(present or None)).prediction
    return result.labels if isinstance(result, Prediction) else result.probabilities


def test_every_subset_is_answered_and_a_toggle_equals_a_fresh_run(
    case: Case, open_session: Callable[..., Session[Any]]
) -> None:
    session = open_session()
    whole = answer(session)
    if case.task.kind == "classification":
        assert whole.shape == (len(case.task.labels),)
        assert whole.sum() == pytest.approx(1, abs=1e-5)
    else:
        assert whole.shape == case.grid.shape
        assert set(np.unique(whole)) <= {0, *(label.value for label in case.task.labels)}
    for subset in (case.task.names[:1], case.task.names[-1:], case.task.names[:2]):
        assert session.is_kept(subset) is session.model.card.instant_toggles
        toggled = answer(session, *subset)
        fresh = answer(open_session(case.only(subset), keep=0), *subset)
        np.testing.assert_array_equal(toggled, fresh)
    np.testing.assert_array_equal(answer(session), whole)


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_an_answer_that_is_not_finite_is_no_result(
    case: Case, open_session: Callable[..., Session[Any]], value: float
) -> None:
    session = open_session()
    decode = session._network.decode

    def broken(*given: Any) -> Any:
        output = decode(*given)
        output.small[(0,) * output.small.ndim] = value
        return output

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(session._network, "decode", broken)
        with pytest.raises(WeightsError, match="not finite numbers"):
            answer(session)
    assert answer(session) is not None


def test_progress_counts_steps_and_a_cancelled_run_can_be_taken_up(
    case: Case, open_session: Callable[..., Session[Any]]
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
    session.release()
    assert not session.is_kept(case.task.names[:1])


def test_missing_modalities_are_refused_and_provenance_is_recorded(
    case: Case, open_session: Callable[..., Session[Any]]
) -> None:
    name, *others = case.task.names
    session = open_session(case.only((name,)))
    with pytest.raises(InputError, match=f"has no {others[0]}"):
        next(session.predict([others[0]]))
    facts = last_event(session.predict()).prediction.provenance
    assert (facts["subset"], facts["device"], facts["case"]) == (name, "cpu", case.name)
    assert facts["sha256"] == session.model.card.sha256
