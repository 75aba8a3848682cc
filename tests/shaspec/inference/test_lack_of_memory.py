"""A session without enough memory: what it gives up, and what it says."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch

from shaspec.case import Case
from shaspec.errors import OutOfMemoryError
from shaspec.inference.events import Finished, Notice
from shaspec.inference.session import InferenceSession
from shaspec.inference.windows import WindowAggregator
from shaspec.models.weights import Model

pytestmark = pytest.mark.slow  # runs networks on whole cases

WINDOW = (40, 48, 48)


@pytest.fixture
def session(shaspec_model: Model, small_case: Case) -> InferenceSession:
    """A session of one window that holds the whole case."""
    return InferenceSession(
        shaspec_model, small_case, device="cpu", precision="float32", window=WINDOW
    )


@pytest.fixture
def encode_fails(
    shaspec_model: Model, monkeypatch: pytest.MonkeyPatch
) -> Callable[[Exception, Callable[[torch.Tensor], bool]], None]:
    """``encode_fails(error, when)``: encoding raises ``error`` where ``when(image)`` holds."""
    network = type(shaspec_model.network)
    encode = network.encode

    def patch(error: Exception, when: Callable[[torch.Tensor], bool]) -> None:
        def failing(self: Any, image: torch.Tensor, modality: int) -> Any:
            if when(image):
                raise error
            return encode(self, image, modality)

        monkeypatch.setattr(network, "encode", failing)

    return patch


def test_lack_of_memory_drops_features_then_shrinks_windows_with_notices(
    session: InferenceSession, encode_fails: Any
) -> None:
    list(session.predict(["FLAIR"]))
    failures = iter([True, True])
    encode_fails(torch.OutOfMemoryError("made by the test"), lambda _: next(failures, False))
    events = list(session.predict(["T2"]))
    notices = [e.text for e in events if isinstance(e, Notice)]
    assert len(notices) == 2
    assert "keep features" in notices[0]
    assert "windows of" in notices[1]
    assert isinstance(events[-1], Finished)
    assert max(events[-1].prediction.provenance["window"]) < 48


@pytest.mark.parametrize("part", ["encode", "decode", "add"])
def test_a_run_that_drops_features_resumes_at_the_window_that_failed(
    part: str, shaspec_model: Model, small_case: Case, monkeypatch: pytest.MonkeyPatch
) -> None:
    def session() -> InferenceSession:
        return InferenceSession(
            shaspec_model, small_case, device="cpu", precision="float32", window=(24, 24, 24)
        )

    *ticks, undisturbed = session().predict()
    assert isinstance(undisturbed, Finished)
    every_window = sum(getattr(e, "stage", "") == "decode" for e in ticks)
    owner, name = {
        "encode": (type(shaspec_model.network), "encode"),
        "decode": (type(shaspec_model.network), "decode"),
        "add": (WindowAggregator, "add"),
    }[part]
    original, calls = getattr(owner, name), 0
    fails_at = 13 if part == "encode" else 4

    def failing(*args: Any, **options: Any) -> Any:
        nonlocal calls
        calls += 1
        if calls == fails_at:
            raise torch.OutOfMemoryError("made by the test")
        return original(*args, **options)

    monkeypatch.setattr(owner, name, failing)
    *events, disturbed = session().predict()
    assert isinstance(disturbed, Finished)
    assert [e.text for e in events if isinstance(e, Notice)] == [
        "Not enough memory to keep features: toggles will take a full run."
    ]
    windows = {"encode": (calls - 1) / 4, "decode": calls - 1, "add": calls - 4}[part]
    assert windows == every_window > 4
    assert sum(getattr(e, "stage", "") == "decode" for e in events) == {
        "encode": windows, "decode": windows, "add": windows + 3
    }[part]  # fmt: skip
    assert (disturbed.prediction.labels == undisturbed.prediction.labels).all()


def test_on_the_cpu_the_window_that_was_asked_for_is_tried_again(
    session: InferenceSession, encode_fails: Any
) -> None:
    session._device = torch.device("meta")  # in the place of a GPU
    encode_fails(torch.OutOfMemoryError("made by the test"), lambda image: image.is_meta)
    notices = [e.text for e in session.predict(["T2"]) if isinstance(e, Notice)]
    assert "windows of" in notices[0]
    assert "running on the CPU" in notices[-1]
    assert session.window == WINDOW


def test_memory_that_never_suffices_ends_with_a_message(
    session: InferenceSession, encode_fails: Any
) -> None:
    encode_fails(MemoryError(), lambda _: True)
    with pytest.raises(OutOfMemoryError, match="close other programs"):
        list(session.predict())


def test_a_plain_runtime_error_is_not_taken_for_lack_of_memory(
    session: InferenceSession, encode_fails: Any
) -> None:
    encode_fails(RuntimeError("sizes do not match"), lambda _: True)
    with pytest.raises(RuntimeError, match="sizes do not match"):
        list(session.predict())
