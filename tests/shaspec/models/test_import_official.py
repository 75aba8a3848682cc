"""Import of checkpoints of the authors' code as model folders."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from typer.testing import CliRunner

from shaspec.cli import app
from shaspec.errors import InputError
from shaspec.models.import_official import import_official
from shaspec.models.official import from_official
from shaspec.models.weights import load_model
from shaspec.task import Task, load_task

LIVER = """
name = "liver"
title = "Liver in two phases"
modalities = [{ name = "arterial" }, { name = "venous" }]
labels = [{ value = 1, name = "liver", title = "liver", colour = "#aa5500" }]
regions = [{ name = "liver", title = "liver", labels = [1], paints = 1 }]
"""


@pytest.fixture
def checkpoint(load_golden: Callable[[str], Any], tmp_path: Path) -> Path:
    """A file as nnU-Net v1 writes it, of MAML for two phases; some of its weights are not zero."""
    parameters = load_golden("maml_liver").manifest["parameters"]
    tensors = {p["key"]: torch.zeros(p["shape"]) for p in parameters}
    tensors["output.weight"].copy_(
        torch.arange(tensors["output.weight"].numel()).view(2, -1, 1, 1, 1)
    )
    path = tmp_path / "model_final_checkpoint.model"
    torch.save({"epoch": 3, "state_dict": tensors}, path)
    return path


@pytest.fixture
def liver(tmp_path: Path) -> Path:
    path = tmp_path / "liver.toml"
    path.write_text(LIVER)
    return path


@pytest.mark.slow
def test_the_command_writes_a_model_that_loads(
    checkpoint: Path, liver: Path, tmp_path: Path
) -> None:
    words = ["import-official", checkpoint, "--method", "maml", "--task", liver]
    result = CliRunner().invoke(app, [*map(str, words), "--out", str(tmp_path / "model")])
    assert result.exit_code == 0, result.output
    assert "took 211 tensors" in result.output
    model = load_model(tmp_path / "model", training=True)
    assert model.card.task.names == ("arterial", "venous")
    assert model.network.exclusive
    state = torch.load(checkpoint, weights_only=True)["state_dict"]
    theirs = from_official("maml", state).state_dict()
    ours = model.network.state_dict()
    assert all(torch.equal(ours[name], value) for name, value in theirs.items())


def test_a_task_that_does_not_fit_is_refused(checkpoint: Path, tmp_path: Path, brats: Task) -> None:
    with pytest.raises(InputError, match="2 modalities and 2 output channels"):
        import_official(checkpoint, "maml", brats, tmp_path / "model")
    assert not (tmp_path / "model").exists()


def test_the_order_of_modalities_and_labels_is_the_networks(brats: Task) -> None:
    task = brats.reordered(["T1", "T1ce", "T2", "FLAIR"], [2, 1, 4])
    assert task.names == ("T1", "T1ce", "T2", "FLAIR")
    assert [label.name for label in task.labels] == ["ED", "NCR", "ET"]
    assert brats.reordered([], []) == load_task("brats")
    with pytest.raises(InputError, match="names each of"):
        brats.reordered(["T1", "T1"], [])
