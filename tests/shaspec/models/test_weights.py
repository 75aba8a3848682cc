"""Saving and loading of models: exact round trips, and errors."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from safetensors.torch import load_file, save_file

from shaspec.errors import WeightsError
from shaspec.models.calibration import Calibration
from shaspec.models.card import NO_LONGER_BUNDLED, bundled_models, load_card
from shaspec.models.registry import check_config
from shaspec.models.weights import load_model, save_model, write_calibration


@pytest.fixture
def folder(shaspec_folder: Path, tmp_path: Path) -> Path:
    """A copy that a test may damage."""
    return Path(shutil.copytree(shaspec_folder, tmp_path / "model"))


def test_a_round_trip_is_bit_exact(folder: Path, tmp_path: Path) -> None:
    model = load_model(folder, training=True)
    card = save_model(tmp_path / "again", model.network, model.card)
    again = load_model(tmp_path / "again", training=True)
    before, after = model.network.state_dict(), again.network.state_dict()
    assert before.keys() == after.keys()
    assert all(torch.equal(before[k], after[k]) for k in before)
    assert again.card == card


def test_half_precision_on_disk_is_float32_in_memory(folder: Path, tmp_path: Path) -> None:
    model = load_model(folder, training=True)
    save_model(tmp_path / "half", model.network, model.card, half=True)
    again = load_model(tmp_path / "half", training=True).network
    for (name, a), b in zip(model.network.named_parameters(), again.parameters(), strict=True):
        assert b.dtype == torch.float32
        torch.testing.assert_close(a, b, rtol=1e-3, atol=1e-6, msg=name)


def test_weights_of_another_file_are_refused(folder: Path) -> None:
    with (folder / "model.safetensors").open("ab") as file:
        file.write(b"x")
    with pytest.raises(WeightsError, match="sha256 differs"):
        load_model(folder)


def test_a_card_that_does_not_fit_its_weights_is_refused(folder: Path) -> None:
    card = json.loads((folder / "card.json").read_text())
    card["network"]["decoder_widths"] = [8, 4]
    (folder / "card.json").write_text(json.dumps(card))
    with pytest.raises(WeightsError, match=r"does not fit its card in \d+ tensors.*has shape"):
        load_model(folder)


def test_a_card_with_a_wrong_network_or_unknown_keys_is_refused(folder: Path) -> None:
    card = json.loads((folder / "card.json").read_text())
    (folder / "card.json").write_text(json.dumps(card | {"method": "magic"}))
    with pytest.raises(WeightsError, match="unknown method 'magic'"):
        load_model(folder)
    (folder / "card.json").write_text(json.dumps(card | {"surprise": 1}))
    with pytest.raises(WeightsError, match="surprise"):
        load_card(folder)


def test_missing_files_are_named(folder: Path, tmp_path: Path) -> None:
    (folder / "model.safetensors").unlink()
    with pytest.raises(WeightsError, match=r"no model\.safetensors"):
        load_model(folder)
    with pytest.raises(WeightsError, match=r"nowhere.* not found"):
        load_model(tmp_path / "nowhere")


def test_temperatures_are_put_into_a_card_and_taken_out_again(folder: Path) -> None:
    before = load_card(folder)
    fitted = Calibration(temperature={"ET": 1.5}, held_out=True, cases=("anna",))
    assert write_calibration(folder, fitted).temperature == {"ET": 1.5}
    assert load_model(folder).card == before.model_copy(update={"calibration": fitted})
    write_calibration(folder, None)
    assert load_card(folder) == before


def test_a_card_of_an_earlier_version_has_no_temperatures(folder: Path) -> None:
    path = folder / "card.json"
    content = json.loads(path.read_text("utf-8"))
    del content["calibration"]
    path.write_text(json.dumps(content), "utf-8")
    assert load_card(folder).temperature == {}


@pytest.mark.parametrize("wrong", [{"XX": 1.5}, {"ET": 0}, {"ET": -1}, {"ET": "hot"}])
def test_temperatures_that_do_not_fit_are_refused_by_file(
    folder: Path, wrong: dict[str, object]
) -> None:
    path = folder / "card.json"
    content = json.loads(path.read_text("utf-8"))
    content["calibration"] = {"temperature": wrong, "held_out": True, "cases": []}
    path.write_text(json.dumps(content), "utf-8")
    with pytest.raises(WeightsError, match=r"(?s)card\.json.*temperature"):
        load_card(folder)


def test_every_bundled_card_is_complete_and_builds() -> None:
    for name in bundled_models():
        card = load_card(name)
        assert card.name == name
        assert "research use only" in card.licence
        assert card.training.command
        assert card.scores
        check_config(card.method, card.network)


@pytest.mark.parametrize("name", NO_LONGER_BUNDLED)
def test_a_model_that_is_no_longer_bundled_is_named_with_what_to_do(name: str) -> None:
    assert name not in bundled_models()
    with pytest.raises(WeightsError, match=rf"no longer bundled.*train --method {name}"):
        load_card(name)


def test_files_of_a_killed_run_are_swept_when_a_model_is_saved(
    folder: Path, tmp_path: Path
) -> None:
    copy = tmp_path / "copy"
    copy.mkdir()
    (copy / ".model.safetensors.0123abcd.partial").write_bytes(b"half")
    model = load_model(folder)
    save_model(copy, model.network, model.card)
    assert sorted(path.name for path in copy.iterdir()) == ["card.json", "model.safetensors"]


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -float("inf")])
@settings(max_examples=8, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_a_weight_that_is_not_finite_is_refused(
    value: float, folder: Path, data: st.DataObject
) -> None:
    weights = folder / "model.safetensors"
    kept = weights.read_bytes()
    tensors = load_file(weights)
    name = data.draw(st.sampled_from(sorted(k for k, v in tensors.items() if v.numel())))
    flat = tensors[name].reshape(-1)
    flat[data.draw(st.integers(0, flat.numel() - 1))] = value
    _save_without_sum(folder, tensors)
    with pytest.raises(WeightsError, match=rf"not finite numbers in 1 tensors, e\.g\. {name}"):
        load_model(folder)
    weights.write_bytes(kept)


@pytest.mark.parametrize("dtype", [torch.int32, torch.uint8, torch.bool])
def test_weights_of_whole_numbers_are_refused(dtype: torch.dtype, folder: Path) -> None:
    tensors = {k: v.to(dtype) for k, v in load_file(folder / "model.safetensors").items()}
    _save_without_sum(folder, tensors)
    name = str(dtype).removeprefix("torch.")
    with pytest.raises(WeightsError, match=f"does not fit its card.* has the type {name}"):
        load_model(folder)


def _save_without_sum(folder: Path, tensors: dict[str, torch.Tensor]) -> None:
    """Save other weights, and take the checksum out of the card."""
    save_file(tensors, folder / "model.safetensors")
    card = json.loads((folder / "card.json").read_text())
    (folder / "card.json").write_text(json.dumps(card | {"sha256": ""}))
