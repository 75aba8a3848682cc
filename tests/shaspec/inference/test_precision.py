"""The number format of a run: chosen by what the device has, kept in the provenance."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from shaspec.case import Case
from shaspec.errors import InputError
from shaspec.inference import precision
from shaspec.inference.precision import choose_precision, computing_in, precision_name
from shaspec.inference.session import InferenceSession
from shaspec.models.weights import Model
from shaspec.prediction import Prediction

pytestmark = pytest.mark.slow  # runs networks on whole cases

CPU = torch.device("cpu")


@pytest.fixture(params=[False, True], ids=["without bfloat16", "with bfloat16"])
def native(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> bool:
    """A CPU with or without instructions for bfloat16."""
    has: bool = request.param
    monkeypatch.setattr(precision, "has_bfloat16", lambda device: has)
    return has


def predicted(model: Model, case: Case, name: str, *subsets: tuple[str, ...]) -> list[Prediction]:
    session = InferenceSession(model, case, device="cpu", precision=name)
    return [list(session.predict(subset))[-1].prediction for subset in subsets]


def test_auto_takes_bfloat16_only_for_volumes_on_a_cpu_that_has_it(native: bool) -> None:
    assert choose_precision("auto", CPU, 3) == (torch.bfloat16 if native else torch.float32)
    assert choose_precision("auto", CPU, 2) == torch.float32
    assert choose_precision("auto", torch.device("cuda"), 3) == torch.float32


def test_float32_is_available_everywhere_and_bfloat16_where_the_device_has_it(native: bool) -> None:
    assert choose_precision("float32", CPU, 3) == torch.float32
    if native:
        assert choose_precision("bfloat16", CPU, 3) == torch.bfloat16
    else:
        with pytest.raises(InputError, match="no instructions for it; choose float32 or auto"):
            choose_precision("bfloat16", CPU, 3)


def test_an_unknown_precision_is_refused_with_the_known_ones() -> None:
    with pytest.raises(InputError, match="'half' is unknown: choose auto, float32, bfloat16"):
        choose_precision("half", CPU, 3)


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_a_block_computes_products_in_its_precision_and_ends_with_it(dtype: torch.dtype) -> None:
    matrix = torch.ones(2, 2)
    with computing_in(dtype, CPU):
        assert (matrix @ matrix).dtype == dtype
    assert (matrix @ matrix).dtype == torch.float32
    assert precision_name(dtype) == str(dtype).split(".")[1]


def test_the_provenance_names_the_precision_of_the_run(
    shaspec_model: Model, small_case: Case
) -> None:
    (exact,) = predicted(shaspec_model, small_case, "float32", ("T1",))
    assert exact.provenance["precision"] == "float32"
    session = InferenceSession(shaspec_model, small_case, device="cpu")
    assert session.precision == precision_name(choose_precision("auto", CPU, 3))


def test_a_toggle_equals_a_first_run_in_bfloat16_too(
    shaspec_model: Model, small_case: Case, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(precision, "has_bfloat16", lambda device: True)  # slow, and still right
    everything, one = tuple(small_case.present), ("T2",)
    _, toggled = predicted(shaspec_model, small_case, "bfloat16", everything, one)
    (fresh,) = predicted(shaspec_model, small_case, "bfloat16", one)
    assert toggled.provenance["precision"] == "bfloat16"
    np.testing.assert_array_equal(toggled.labels, fresh.labels)


def test_labels_hardly_depend_on_the_precision(
    shaspec_model: Model, small_case: Case, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(precision, "has_bfloat16", lambda device: True)
    everything = tuple(small_case.present)
    (exact,) = predicted(shaspec_model, small_case, "float32", everything)
    (fast,) = predicted(shaspec_model, small_case, "bfloat16", everything)
    assert np.mean(exact.labels != fast.labels) < 0.05
