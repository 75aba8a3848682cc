"""A class from an image, a sound, or both."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from shaspec.case import Case
from shaspec.errors import InputError, OutOfMemoryError
from shaspec.inference.classification import ClassificationSession
from shaspec.inference.command import command_of
from shaspec.inference.events import Notice
from shaspec.inference.outcome import last_event
from shaspec.inference.session import InferenceSession
from shaspec.io import read_case
from shaspec.models.weights import Model, load_model
from shaspec.prediction import Classification
from shaspec.preprocessing import normalise


@pytest.fixture
def model(classifier_folder: Path) -> Model:
    return load_model(classifier_folder)


def classify(model: Model, case: Case, *present: str) -> Classification:
    session = ClassificationSession(model, case, device="cpu")
    return last_event(session.predict(present or None)).prediction


def test_the_answer_is_that_of_the_network(model: Model, digit_case: Case) -> None:
    volumes = [
        torch.from_numpy(normalise(digit_case.volumes[m.name], m))[None, None]
        for m in digit_case.task.modalities
    ]
    for there in ((True, True), (True, False), (False, True)):
        names = [n for n, here in zip(digit_case.task.names, there, strict=True) if here]
        found = classify(model, digit_case, *names)
        with torch.no_grad():
            wanted = model.network(volumes, torch.tensor([there])).logits.softmax(dim=1)[0]
        np.testing.assert_allclose(found.probabilities, wanted.numpy(), atol=1e-6)


def test_classes_are_ranked_and_the_first_is_named(model: Model, digit_case: Case) -> None:
    found = classify(model, digit_case)
    probabilities = np.full(10, 0.01, np.float32)
    probabilities[7] = 0.91
    sure = replace(found, probabilities=probabilities)
    assert sure.sentence == "class seven (91 %)"
    assert sure.ranked[0][0].value == 7
    values = [probability for _, probability in found.ranked]
    assert values == sorted(values, reverse=True)


def test_the_command_gives_the_class_again(
    model: Model, write_digit: Callable[..., Path], tmp_path: Path
) -> None:
    case = read_case(write_digit(tmp_path / "seven"), model.card.task)
    words = command_of(classify(model, case, "audio")).split()
    assert words[:2] == ["shaspec", "predict"]
    assert f"image={tmp_path / 'seven' / '7.png'}" in words
    assert words[words.index("--present") + 1] == "audio"
    assert "--window" not in words


def test_lack_of_memory_costs_features_and_ends_with_a_message(
    model: Model, digit_case: Case, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = ClassificationSession(model, digit_case, device="cpu")
    list(session.predict(["image"]))

    def failing(*_: object) -> None:
        raise MemoryError

    monkeypatch.setattr(type(model.network), "encode", failing)
    events = session.predict(["audio"])
    assert isinstance(next(e for e in events if isinstance(e, Notice)), Notice)
    with pytest.raises(OutOfMemoryError, match="close other programs"):
        list(events)


@pytest.mark.slow
def test_a_model_and_a_session_of_different_kinds_are_refused(
    model: Model, digit_case: Case, shaspec_model: Model, small_case: Case
) -> None:
    with pytest.raises(InputError, match="predicts a class"):
        InferenceSession(model, digit_case)
    with pytest.raises(InputError, match="does not predict a class"):
        ClassificationSession(shaspec_model, small_case)
    with pytest.raises(InputError, match="no features of single modalities"):
        ClassificationSession(model, digit_case, device="cpu").features()
