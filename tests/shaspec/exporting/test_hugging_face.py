"""A folder for the Hugging Face Hub loads back as the same model, and its page has a header."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
import yaml

from shaspec.errors import InputError
from shaspec.exporting import export_model
from shaspec.models.weights import load_model
from shaspec.task import load_task
from tests.tiny_models import save_tiny


def test_the_folder_loads_back_with_the_same_weights(tmp_path: Path) -> None:
    model = load_model(save_tiny(tmp_path / "model", load_task("liver-ct"), "maml"))
    written = export_model(model, "hf", tmp_path / "out")
    assert {path.name for path in written} == {"model.safetensors", "card.json", "README.md"}
    again = load_model(tmp_path / "out")
    assert again.card == model.card
    for name, value in model.network.state_dict().items():
        assert torch.equal(again.network.state_dict()[name], value)


def test_the_page_has_a_header_with_tags_and_terms(tmp_path: Path) -> None:
    model = load_model(save_tiny(tmp_path / "model", load_task("brats")))
    export_model(model, "hf", tmp_path / "out")
    _, header, body = (tmp_path / "out" / "README.md").read_text(encoding="utf-8").split("---", 2)
    values = yaml.safe_load(header)
    assert values["library_name"] == "shaspec"
    assert {"missing-modalities", "shaspec", "brats"} <= set(values["tags"])
    assert "FLAIR, T1, T1ce, T2" in body


def test_an_unknown_format_is_refused(tmp_path: Path) -> None:
    model = load_model(save_tiny(tmp_path / "model", load_task("brats")))
    known = "onnx, monai-bundle, hf"
    with pytest.raises(InputError, match=f"format 'pt' is not known: choose one of {known}"):
        export_model(model, "pt", tmp_path / "out")
