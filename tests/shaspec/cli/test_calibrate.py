"""`shaspec calibrate`: temperatures from held-out cases, in the card of a model."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import Result

from shaspec.errors import InputError
from shaspec.models.card import load_card
from shaspec.models.summary import is_calibrated

pytestmark = pytest.mark.slow

Run = Callable[..., Result]


@pytest.fixture
def mine(shaspec_folder: Path, tmp_path: Path) -> Path:
    """A model folder that may be changed."""
    return Path(shutil.copytree(shaspec_folder, tmp_path / "mine"))


def test_the_temperatures_are_written_into_the_card_and_used(
    run: Run, mine: Path, folder: Path, tmp_path: Path
) -> None:
    words = ("calibrate", mine, "--data", folder, "--subsets", "all,T1ce", "--device", "cpu")
    printed = run(*words, "--out", tmp_path / "out", "--write").output
    assert "1 held-out case" in printed
    written = {path.name for path in (tmp_path / "out").iterdir()}
    names = {"calibration.json", "calibration.csv", "reliability.png", "reliability.svg"}
    assert written == names
    card = load_card(mine)
    assert is_calibrated(card)
    assert set(card.temperature) == {"ET", "TC", "WT"}
    out = tmp_path / "x.nii.gz"
    said = run("predict", folder / "anna", "--model", mine, "--out", out, "--probabilities").output
    assert "probabilities (calibrated)" in said
    # Fitted again: the temperatures of the card do not count.
    run(*words, "--out", tmp_path / "again")
    both = [json.loads((tmp_path / name / "calibration.json").read_text()) for name in
            ("out", "again")]  # fmt: skip
    assert both[0]["counts"] == both[1]["counts"]


def test_a_training_case_is_refused_unless_asked_for(
    run: Run, mine: Path, folder: Path, tmp_path: Path
) -> None:
    path = mine / "card.json"
    content = json.loads(path.read_text("utf-8"))
    content["training"]["cases"] = ["anna"]
    path.write_text(json.dumps(content), "utf-8")
    words = ("calibrate", mine, "--data", folder, "--subsets", "all", "--out", tmp_path / "out")
    with pytest.raises(InputError, match=r"anna is a training case .* --allow-seen"):
        run(*words)
    assert "1 training case" in run(*words, "--allow-seen", "--write").output
    card = load_card(mine)
    assert card.temperature
    assert not is_calibrated(card)


def test_bundled_models_classifiers_and_networks_of_exclusive_labels_are_refused(
    run: Run,
    model_of: Callable[..., object],
    brats: object,
    folder: Path,
    classifier_folder: Path,
    tmp_path: Path,
) -> None:
    words = ("--data", folder, "--out", tmp_path / "out")
    with pytest.raises(InputError, match="part of the package"):
        run("calibrate", "shaspec", *words, "--write")
    exclusive = model_of(brats, "maml").source  # type: ignore[attr-defined]
    with pytest.raises(InputError, match="labels of this network exclude each other"):
        run("calibrate", exclusive, *words)
    with pytest.raises(InputError, match="predicts a class"):
        run("calibrate", classifier_folder, *words)
