"""Modality weights of a result: a mean over windows."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from shaspec.case import Case
from shaspec.inference.events import Finished
from shaspec.inference.modality_weights import MeanWeights, output_names
from shaspec.inference.session import InferenceSession
from shaspec.models.weights import Model
from shaspec.prediction import Prediction
from shaspec.task import Task

pytestmark = pytest.mark.slow  # runs networks on whole cases


def predicted(model: Model, case: Case, *present: str) -> Prediction:
    *_, last = InferenceSession(model, case, device="cpu").predict(present or None)
    assert isinstance(last, Finished)
    return last.prediction


@pytest.mark.parametrize("present", [("FLAIR", "T1ce", "T2"), ("T2",)])
def test_a_result_of_simmlm_says_how_much_each_present_modality_counted(
    model_of: Callable[[Task, str], Model], small_case: Case, present: tuple[str, ...]
) -> None:
    model = model_of(small_case.task, "simmlm")
    found = predicted(model, small_case, *present).modality_weights
    assert list(found) == [label.name for label in small_case.task.labels]
    for row in found.values():
        assert tuple(row) == present
        assert sum(row.values()) == pytest.approx(1, abs=1e-3)


def test_a_result_of_a_network_without_a_gate_says_nothing(
    shaspec_model: Model, small_case: Case
) -> None:
    prediction = predicted(shaspec_model, small_case)
    assert prediction.modality_weights == {}
    assert "modality_weights" not in prediction.provenance


@given(
    st.lists(st.tuples(st.floats(0, 1), st.floats(0, 1)), min_size=1, max_size=5),
)
def test_a_window_counts_by_the_probability_of_the_region_in_it(
    brats: Task, windows: list[tuple[float, float]]
) -> None:
    mean = MeanWeights()
    for probability, weight in windows:
        weights = torch.zeros(4, 3)
        weights[0], weights[2] = weight, 1 - weight
        mean.add(weights, torch.full((3, 2, 2, 2), probability))
    found = mean.by_region(brats, [0, 2], exclusive=False)
    assert list(found) == list(brats.region_names)
    size = sum(p for p, _ in windows)
    for row in found.values():
        assert list(row) == [brats.names[0], brats.names[2]]
        assert sum(row.values()) == pytest.approx(1, abs=2e-4)
        if size > 1e-3:
            expected = sum(p * w for p, w in windows) / size
            assert row[brats.names[0]] == pytest.approx(expected, abs=1e-3)


def test_the_outputs_of_a_softmax_are_the_background_and_the_labels(brats: Task) -> None:
    assert output_names(brats, exclusive=False) == ["ET", "WT", "TC"]
    assert output_names(brats, exclusive=True)[0] == "background"
    assert len(output_names(brats, exclusive=True)) == 4
