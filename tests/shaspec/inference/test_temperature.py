"""Temperature scaling: a monotone change of probabilities that keeps labels."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from shaspec.case import Case
from shaspec.inference.session import InferenceSession
from shaspec.inference.temperature import tempered
from shaspec.models.calibration import Calibration
from shaspec.models.weights import Model
from shaspec.task import Task
from shaspec.thresholds import thresholded

probabilities = st.lists(st.floats(0, 1, width=32, allow_subnormal=False), min_size=1, max_size=50)
temperatures = st.floats(0.1, 10)


@given(probabilities, temperatures)
def test_what_is_above_one_half_remains_above_one_half(
    values: list[float], temperature: float
) -> None:
    before = torch.tensor([*values, 0.5, 0.5 + 2.0**-24, 0.5 - 2.0**-25], dtype=torch.float32)
    after = tempered(before, temperature)
    assert torch.equal(after > 0.5, before > 0.5)
    assert ((after >= 0) & (after <= 1)).all()


@given(probabilities, temperatures)
def test_the_order_of_voxels_does_not_change(values: list[float], temperature: float) -> None:
    after = tempered(torch.tensor(sorted(values), dtype=torch.float32), temperature)
    assert (after.diff() >= -1e-6).all()


@given(st.floats(-12, 12), temperatures)
def test_the_logit_is_divided_by_the_temperature(logit: float, temperature: float) -> None:
    p = torch.sigmoid(torch.tensor([logit], dtype=torch.float64))
    wanted = 1 / (1 + np.exp(-logit / temperature))
    assert float(tempered(p, temperature)[0]) == pytest.approx(wanted, abs=1e-6)


def test_0_one_half_and_1_stay_and_temperature_1_changes_nothing() -> None:
    fixed = torch.tensor([0.0, 0.5, 1.0])
    assert torch.equal(tempered(fixed, 3.0), fixed)
    assert tempered(fixed, 1.0) is fixed


def test_a_card_with_temperatures_changes_probabilities_and_no_label(
    model_of: Callable[[Task, str], Model], brats: Task, small_case: Case
) -> None:
    plain = model_of(brats, "shaspec")
    calibration = Calibration(temperature={"ET": 2.5, "WT": 0.5}, held_out=True, cases=("anna",))
    card = plain.card.model_copy(update={"calibration": calibration})
    results = []
    for model in (plain, replace(plain, card=card)):
        session = InferenceSession(model, small_case, device="cpu", window=(32, 32, 32))
        *_, last = session.predict(("T1", "T2"), probabilities=True)
        results.append(last.prediction)
    before, after = results
    np.testing.assert_array_equal(before.labels, after.labels)
    np.testing.assert_array_equal(before.probability("TC"), after.probability("TC"))
    for name, temperature in calibration.temperature.items():
        wanted = tempered(torch.from_numpy(before.probability(name)), temperature).numpy()
        np.testing.assert_array_equal(after.probability(name), wanted)
    assert after.provenance["temperature"] == calibration.temperature
    assert "temperature" not in before.provenance
    # A threshold of one region leaves the others as they are.
    moved = [thresholded(p, {"TC": 0.4}).labels for p in results]
    np.testing.assert_array_equal(*moved)
