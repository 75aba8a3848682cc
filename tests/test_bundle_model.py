"""The script that puts a model among those that ship."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path

import pytest

from shaspec.models.card import load_card
from shaspec.models.weights import load_model, save_model

SCRIPT = Path(__file__).resolve().parents[1] / "scripts" / "bundle_model.py"


def test_a_bundled_card_names_no_place_on_the_machine(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    spec = importlib.util.spec_from_file_location("bundle_model", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    script = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(script)
    monkeypatch.setattr(script, "WEIGHTS", tmp_path / "weights")
    model = load_model("zero-fill", training=True)
    save_model(tmp_path / "run", model.network, model.card)
    file = tmp_path / "run" / "card.json"
    content = json.loads(file.read_text("utf-8"))  # as an earlier version wrote it
    content["training"] |= {"command": "shaspec train /srv/anna/a.toml --data /srv/anna/brats"}
    content["training"] |= {"config": {"splits": "/srv/anna/splits.json", "seed": 1}}
    file.write_text(json.dumps(content), "utf-8")

    script.bundle(tmp_path / "run", "mine", "", "what it is", (32, 32, 32))
    training = load_card(tmp_path / "weights" / "mine").training
    assert training.command == "shaspec train .../a.toml --data .../brats"
    assert training.config == {"splits": ".../splits.json", "seed": 1}
    assert training.cases == model.card.training.cases
    assert "anna" not in (tmp_path / "weights" / "mine" / "card.json").read_text("utf-8")
