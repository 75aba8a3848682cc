"""The example scripts run as a user runs them, in a folder of their own."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from shaspec.io import write_case
from shaspec.phantom import DEMO_SEED, make_case

pytestmark = pytest.mark.slow  # processes of their own

EXAMPLES = Path(__file__).resolve().parents[1] / "examples"


@pytest.fixture(scope="module")
def patient(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a small case and its labels."""
    folder = tmp_path_factory.mktemp("examples") / "patient"
    write_case(folder, make_case(DEMO_SEED, (64, 64, 64)))
    return folder


def run(script: str, patient: Path, folder: Path) -> str:
    words = [sys.executable, str(EXAMPLES / script), str(patient)]
    done = subprocess.run(words, cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_without_t1ce_writes_both_results(patient: Path, tmp_path: Path) -> None:
    lines = run("without_t1ce.py", patient, tmp_path).splitlines()
    assert [line.split()[0] for line in lines] == ["FLAIR+T1+T1ce+T2", "FLAIR+T1+T2"]
    assert len(list(tmp_path.glob("*.nii.gz"))) == 2


def test_the_worth_of_sequences_is_printed(patient: Path, tmp_path: Path) -> None:
    text = run("worth_of_sequences.py", patient, tmp_path)
    rows, shapley, next_best = text.split("\n\n")
    assert len(rows.splitlines()) == 15
    assert "ground truth" in shapley
    assert "added to FLAIR" in next_best
    assert "T1ce" in next_best


def test_shared_and_specific_features_are_drawn(patient: Path, tmp_path: Path) -> None:
    run("shared_and_specific.py", patient, tmp_path)
    assert (tmp_path / "features.png").read_bytes().startswith(b"\x89PNG")
