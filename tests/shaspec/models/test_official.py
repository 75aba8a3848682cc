"""State dicts that do not match are refused with the names of the tensors."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor

from shaspec.errors import InputError, NamesError, WeightsError
from shaspec.models.official import from_official

METHODS = {"shaspec": "shaspec", "maml": "maml_liver", "m3l": "m3l"}


@pytest.fixture(params=sorted(METHODS))
def method(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def tensors(load_golden: Callable[[str], Any], method: str) -> dict[str, Tensor]:
    """Names and shapes of the authors' state dict, no values."""
    parameters = load_golden(METHODS[method]).manifest["parameters"]
    return {
        p["key"]: torch.empty(
            p["shape"], device="meta", dtype=torch.long if p["kind"] == "counter" else torch.float
        )
        for p in parameters
    }


@pytest.mark.slow
def test_every_tensor_finds_its_place(method: str, tensors: dict[str, Tensor]) -> None:
    network = from_official(method, tensors)
    assert not network.training
    ours = network.state_dict()
    assert len(ours) == len(tensors)
    assert sum(t.numel() for t in ours.values()) == sum(t.numel() for t in tensors.values())


@pytest.mark.slow
def test_names_of_data_parallel_training_are_understood(
    method: str, tensors: dict[str, Tensor]
) -> None:
    from_official(method, {f"module.{name}": value for name, value in tensors.items()})


def test_missing_unexpected_and_misshapen_tensors_are_listed(
    method: str, tensors: dict[str, Tensor]
) -> None:
    names = [name for name in tensors if name.endswith("weight")]
    lost, grown = names[3], names[-1]
    shape = tuple(tensors[grown].shape)
    del tensors[lost]
    tensors[grown] = torch.empty(*shape, 2, device="meta")
    tensors["stranger"] = torch.empty(1, device="meta")
    with pytest.raises(NamesError) as caught:
        from_official(method, tensors)
    message = str(caught.value)
    assert f"1 missing: {lost}" in message
    assert "1 unexpected: stranger" in message
    assert f"1 of another shape: {grown} {(*shape, 2)} instead of {shape}" in message
    error = caught.value
    lists = (error.missing, error.unexpected, error.of_another_shape)
    assert lists == ([lost], ["stranger"], [grown])


def test_a_long_list_is_whole_in_the_error_and_short_in_its_message(
    method: str, tensors: dict[str, Tensor]
) -> None:
    lost = list(tensors)[20:60]
    with pytest.raises(NamesError) as caught:
        from_official(method, {k: v for k, v in tensors.items() if k not in lost})
    assert set(lost) <= set(caught.value.missing)
    assert "more" in str(caught.value)


@pytest.mark.slow
def test_weights_of_something_else_are_refused(method: str) -> None:
    with pytest.raises(WeightsError, match="missing"):
        from_official(method, {"a": torch.ones(1)})
    with pytest.raises(WeightsError, match="missing"):
        from_official(method, {})


def test_unknown_methods_and_options_are_refused() -> None:
    with pytest.raises(InputError, match="there are shaspec, maml, m3l"):
        from_official("unet", {})
    with pytest.raises(InputError, match="'mean' or 'first'"):
        from_official("shaspec", {}, absent="zero")
    with pytest.raises(InputError, match="no option"):
        from_official("maml", {}, absent="mean")
