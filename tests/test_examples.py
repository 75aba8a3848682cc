"""The example scripts run on a case of the user, in a folder of their own."""

from __future__ import annotations

import runpy
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from shaspec.io import write_case
from shaspec.phantom import DEMO_SEED, make_case

pytestmark = pytest.mark.slow  # runs networks on a whole case

EXAMPLES = Path(__file__).resolve().parents[1] / "examples"


@pytest.fixture(scope="module")
def patient(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a small case and its labels."""
    folder = tmp_path_factory.mktemp("examples") / "patient"
    write_case(folder, make_case(DEMO_SEED, (64, 64, 64)))
    return folder


@pytest.fixture
def run(
    patient: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Callable[[str], str]:
    """Run a script as the main program, in this process, where torch is loaded; its output."""

    def run(script: str) -> str:
        monkeypatch.chdir(tmp_path)
        monkeypatch.setattr(sys, "argv", [script, str(patient)])
        runpy.run_path(str(EXAMPLES / script), run_name="__main__")
        return capsys.readouterr().out

    return run


def test_without_t1ce_writes_both_results(run: Callable[[str], str], tmp_path: Path) -> None:
    lines = run("without_t1ce.py").splitlines()
    assert [line.split()[0] for line in lines] == ["FLAIR+T1+T1ce+T2", "FLAIR+T1+T2"]
    assert len(list(tmp_path.glob("*.nii.gz"))) == 2


def test_the_worth_of_sequences_is_printed(run: Callable[[str], str]) -> None:
    text = run("worth_of_sequences.py")
    rows, shapley, next_best = text.split("\n\n")
    assert len(rows.splitlines()) == 15
    assert "ground truth" in shapley
    assert "added to FLAIR" in next_best
    assert "T1ce" in next_best


def test_shared_and_specific_features_are_drawn(run: Callable[[str], str], tmp_path: Path) -> None:
    run("shared_and_specific.py")
    assert (tmp_path / "features.png").read_bytes().startswith(b"\x89PNG")
