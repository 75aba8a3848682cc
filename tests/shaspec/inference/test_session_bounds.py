"""A session: which options it takes, what memory it asks for, and the seconds that it states."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from torch import Tensor

from shaspec.case import Case
from shaspec.errors import InputError, OutOfMemoryError
from shaspec.geometry import Grid
from shaspec.inference import memory
from shaspec.inference.outcome import last_event
from shaspec.inference.session import InferenceSession
from shaspec.models.base import Features, Network
from shaspec.models.weights import Model
from shaspec.task import Task

pytestmark = pytest.mark.slow  # runs networks on whole cases

shared_fixtures = settings(
    max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


def session_of(model: Model, case: Case, **options: Any) -> InferenceSession:
    return InferenceSession(model, case, device="cpu", precision="float32", **options)


@shared_fixtures
@given(st.lists(st.integers(-1, 3) | st.integers(30, 60), min_size=1, max_size=4))
@example([1, 1, 1])
@example([32, 0, 32])
def test_a_window_has_a_positive_size_for_every_axis(
    shaspec_model: Model, small_case: Case, window: list[int]
) -> None:
    if len(window) == 3 and min(window) >= 1:
        assert session_of(shaspec_model, small_case, window=window).window == tuple(window)
    else:
        with pytest.raises(InputError, match=f"window {window[0]}.*3 numbers of 1 or more"):
            session_of(shaspec_model, small_case, window=window)


@shared_fixtures
@given(st.floats(-2, 2))
@example(0.0)
@example(1.0)
def test_an_overlap_is_at_least_0_and_below_1(
    shaspec_model: Model, small_case: Case, overlap: float
) -> None:
    if 0 <= overlap < 1:
        assert session_of(shaspec_model, small_case, overlap=overlap).overlap == overlap
    else:
        with pytest.raises(InputError, match=r"overlap .* is not in"):
            session_of(shaspec_model, small_case, overlap=overlap)


@pytest.mark.parametrize("method", ["shaspec", "maml"])
def test_memory_is_asked_for_inputs_and_two_volumes_an_output(
    method: str,
    model_of: Callable[[Task, str], Model],
    small_case: Case,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    task = small_case.task
    outputs = len(task.labels) + 1 if method == "maml" else len(task.region_names)
    volume = 4 * math.prod(small_case.grid.shape)
    needed = volume * (len(task.names) + 2 * outputs)
    model = model_of(task, method)
    monkeypatch.setattr(memory, "free_memory", lambda: needed)
    session_of(model, small_case, keep=0)
    monkeypatch.setattr(memory, "free_memory", lambda: needed - 1)
    with pytest.raises(OutOfMemoryError, match=f"{len(task.names) + 2 * outputs} volumes"):
        session_of(model, small_case, keep=0)


def test_kept_is_yes_or_no(shaspec_model: Model, small_case: Case) -> None:
    session = session_of(shaspec_model, small_case)
    assert session.is_kept(["T1"]) is False
    list(session.predict(["T1"]))
    assert session.is_kept(["T1"]) is True
    assert session.is_kept(["T1", "T2"]) is False


@pytest.mark.parametrize("present", [("FLAIR",), ("T1", "T2"), ("T1ce", "FLAIR", "T2")])
def test_the_decoder_gets_zero_images_of_the_size_of_the_window(
    present: tuple[str, ...],
    make_model: Callable[..., Model],
    small_case: Case,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    model = make_model(zero_images=True)
    network, seen = type(model.network), []
    decode = network.decode

    def watched(self: Network, features: Mapping[int, Features], present: Tensor) -> Any:
        seen.append(dict(features))
        return decode(self, features, present)

    monkeypatch.setattr(network, "decode", watched)
    session = session_of(model, small_case)
    size = last_event(session.predict(present)).prediction.provenance["window"]
    names = small_case.task.names
    assert len(seen) > 1
    with torch.inference_mode():
        zeros = {m: model.network.encode(torch.zeros(1, 1, *size), m) for m in range(len(names))}
    for features in seen:
        assert set(features) == set(range(len(names)))
        for m in (m for m, name in enumerate(names) if name not in present):
            for kind, tensor in zeros[m].items():
                torch.testing.assert_close(features[m][kind], tensor, rtol=0, atol=1e-5)


@pytest.mark.parametrize(
    ("window", "fails_at"), [((32, 32, 32), None), ((32, 32, 32), 1), ((48, 48, 48), 0)]
)
def test_the_seconds_of_a_run_are_those_that_its_parts_took(
    window: tuple[int, int, int],
    fails_at: int | None,
    shaspec_model: Model,
    small_case: Case,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    network, calls = type(shaspec_model.network), {"encode": 0, "decode": 0}
    tries, pause = iter(range(1000)), 0.004

    def slow(name: str) -> None:
        original = getattr(network, name)

        def call(*args: Any, **options: Any) -> Any:
            if name == "decode" and next(tries) == fails_at:
                raise torch.OutOfMemoryError("made by the test")
            time.sleep(pause)
            calls[name] += 1
            return original(*args, **options)

        monkeypatch.setattr(network, name, call)

    slow("encode")
    slow("decode")
    session = session_of(shaspec_model, small_case, window=window)
    begin = time.perf_counter()
    prediction = last_event(session.predict(["T1", "T2"])).prediction
    elapsed = time.perf_counter() - begin
    seconds = prediction.provenance["seconds"]
    windows, rounding = calls["decode"], 0.002
    assert (windows > 1) == (window[0] == 32)
    assert calls["encode"] == 2 * (windows + (fails_at is not None))
    assert seconds["decode"] >= windows * pause - rounding
    assert seconds["encode"] >= 2 * windows * pause - rounding
    assert seconds["encode"] + seconds["decode"] <= seconds["total"] + rounding
    assert seconds["total"] <= elapsed + rounding


@pytest.mark.parametrize(("window", "count"), [((48,) * 3, 1), ((48, 48, 32), 2), ((32,) * 3, 8)])
@pytest.mark.parametrize("method", ["shaspec", "maml"])
def test_labels_follow_from_the_probabilities_for_every_number_of_windows(
    method: str,
    window: tuple[int, int, int],
    count: int,
    model_of: Callable[[Task, str], Model],
    small_case: Case,
) -> None:
    session = session_of(model_of(small_case.task, method), small_case, window=window)
    events = list(session.predict(["T1", "T2"], probabilities=True))
    assert sum(getattr(event, "stage", "") == "decode" for event in events) == count
    with_maps, task = last_event(iter(events)).prediction, small_case.task
    labels = last_event(session.predict(["T1", "T2"])).prediction.labels
    np.testing.assert_array_equal(labels, with_maps.labels)
    regions = [with_maps.probabilities[name] for name in task.region_names]
    sure, wanted = np.all([abs(p - 0.5) > 1e-6 for p in regions], axis=0), task.paint(
        np.stack([p > 0.5 for p in regions])
    )  # fmt: skip
    if with_maps.label_probabilities:
        ranked = np.stack([*with_maps.label_probabilities.values()])
        values = np.array([0, *(label.value for label in task.labels)], np.uint8)
        first, second = np.sort(ranked, axis=0)[[-1, -2]]
        sure, wanted = first - second > 1e-6, values[ranked.argmax(axis=0)]
    assert len(np.unique(labels)) > 1
    np.testing.assert_array_equal(labels[sure], wanted[sure])


@pytest.mark.parametrize("spacing", [(1.0, 1.0, 1.0), (1.3, 0.9, 1.1)])
@pytest.mark.parametrize("moved", [-6.0, 6.0])
def test_probabilities_are_computed_where_no_region_can_be_too(
    moved: float, spacing: tuple[float, float, float], shaspec_model: Model, small_case: Case,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    network = type(shaspec_model.network)
    decode = network.decode

    def far_away(*args: Any, **options: Any) -> Any:
        output = decode(*args, **options)
        return replace(output, small=output.small.clamp(-1, 1) + moved)

    case = replace(small_case, grid=Grid(small_case.grid.shape, spacing), labels=None)
    monkeypatch.setattr(network, "decode", far_away)
    prediction = last_event(session_of(shaspec_model, case).predict(probabilities=True)).prediction
    inside = np.any([volume != 0 for volume in case.volumes.values()], axis=0)
    assert (prediction.labels[inside] > 0).all() == (moved > 0)
    least, most = (1 / (1 + np.exp(1 - moved)) * 0.9, 1) if moved > 0 else (1e-4, 0.01)
    for values in prediction.probabilities.values():
        assert (values[inside] > least).all()
        assert (values[inside] < most).all()
