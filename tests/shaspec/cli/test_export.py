"""``shaspec export`` writes into a new folder and never over the model."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import Result

from shaspec.errors import InputError
from shaspec.task import load_task
from tests.tiny_models import save_tiny

Run = Callable[..., Result]


def test_files_are_named_and_an_old_folder_needs_overwrite(run: Run, tmp_path: Path) -> None:
    model, out = save_tiny(tmp_path / "model", load_task("brats")), tmp_path / "out"
    assert "README.md" in run("export", model, "--to", "hf", "--out", out).output
    with pytest.raises(InputError, match="is not empty; choose another folder or add --overwrite"):
        run("export", model, "--to", "hf", "--out", out)
    run("export", model, "--to", "hf", "--out", out, "--overwrite")


def test_the_folder_of_the_model_is_not_written_over(run: Run, tmp_path: Path) -> None:
    model = save_tiny(tmp_path / "model", load_task("brats"))
    before = (model / "card.json").read_bytes()
    with pytest.raises(InputError, match="is the folder of the model; choose another one"):
        run("export", model, "--to", "hf", "--out", model, "--overwrite")
    assert (model / "card.json").read_bytes() == before
