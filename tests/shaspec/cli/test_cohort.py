"""Many cases on the command line: `shaspec predict FOLDER` and `shaspec cohort`."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from shaspec.cli import app
from shaspec.errors import InputError
from shaspec.io.cases import read_case
from shaspec.models.card import load_card
from shaspec.models.fingerprint import fingerprint

pytestmark = pytest.mark.slow  # runs networks on whole cases

Run = Callable[..., Result]
Rows = Callable[[Path], list[dict[str, str]]]


@pytest.fixture
def cases(folder: Path, tmp_path: Path) -> Path:
    """A folder of two cases."""
    for name in ("anna", "ben"):
        shutil.copytree(folder / "anna", tmp_path / "cases" / name)
    return tmp_path / "cases"


def test_predict_segments_a_folder_of_cases_and_skips_what_is_done(
    run: Run, cases: Path, shaspec_folder: Path, tmp_path: Path, rows_of: Rows
) -> None:
    out, table = tmp_path / "new" / "out", tmp_path / "ml.csv"
    words = ["predict", cases, "--out", out, "--model", shaspec_folder, "--device", "cpu"]
    first = run(*words, "--csv", table, "--present", "flair+t2", "--probabilities")
    assert "segmented 2, skipped 0" in first.output
    assert len(list(out.glob("*_FLAIR+T2_pred.nii.gz"))) == 2
    assert len(list(out.glob("*_FLAIR+T2_prob_*.nii.gz"))) == 6
    rows = rows_of(table)
    assert {(r["case"], r["subset"]) for r in rows} == {("anna", "FLAIR+T2"), ("ben", "FLAIR+T2")}
    again = run(*words, "--present", "flair+t2", "--probabilities")
    assert "segmented 0, skipped 2" in again.output
    assert (out / "volumes.csv").read_bytes() == table.read_bytes()


def test_bad_cases_are_listed_and_the_exit_code_says_so(
    run: Run, cases: Path, shaspec_folder: Path, tmp_path: Path
) -> None:
    next((cases / "anna").glob("*flair*")).write_bytes(b"nothing")
    words = ["predict", cases, "--out", tmp_path / "out", "--model", shaspec_folder]
    result = CliRunner().invoke(app, [*map(str, words), "--device", "cpu"])
    assert result.exit_code == 1
    assert "left out, cannot be used: anna:" in " ".join(result.output.split())
    assert [p.name[:3] for p in (tmp_path / "out").glob("*_pred.nii.gz")] == ["ben"]


def test_results_of_training_cases_are_named(
    run: Run, cases: Path, shaspec_folder: Path, tmp_path: Path
) -> None:
    model = shutil.copytree(shaspec_folder, tmp_path / "seen")
    card = json.loads((model / "card.json").read_text("utf-8"))
    task = load_card(model).task
    card["training"]["fingerprints"] = {"p": fingerprint(read_case(cases / "anna", task))}
    (model / "card.json").write_text(json.dumps(card), "utf-8")
    result = run("predict", cases, "--out", tmp_path / "out", "--model", model, "--device", "cpu")
    said = " ".join(result.output.split())
    assert "2 of 2 cases were seen in training by the model (anna, ben)" in said  # copies


def test_many_cases_need_a_folder_for_their_results(
    run: Run, cases: Path, shaspec_folder: Path, tmp_path: Path
) -> None:
    for words in ([], ["--out", tmp_path / "seg.nii.gz"]):
        with pytest.raises(InputError, match=r"contains 2 cases \(anna, ben\).*--out DIR"):
            run("predict", cases, "--model", shaspec_folder, *words)


def test_shards_of_a_cohort_make_it_whole(
    run: Run, cases: Path, shaspec_folder: Path, tmp_path: Path, rows_of: Rows
) -> None:
    out = tmp_path / "out"
    words = ["cohort", cases, "--out", out, "--model", shaspec_folder, "--device", "cpu"]
    for number in (1, 2, 3):
        run(*words, "--subsets", "T1,T2", "--shard", f"{number}/3")
    assert {p.name for p in out.glob("*.csv")} == {"volumes-1of3.csv", "volumes-2of3.csv"}
    assert "skipped 2" in run(*words, "--subsets", "T1,T2").output
    found = {(row["case"], row["subset"]) for row in rows_of(out / "volumes.csv")}
    assert found == {(case, subset) for case in ("anna", "ben") for subset in ("T1", "T2")}


def test_probabilities_of_one_case_are_written_beside_its_labels(
    run: Run, folder: Path, shaspec_folder: Path, tmp_path: Path
) -> None:
    out = tmp_path / "x_pred.nii.gz"
    words = ["predict", folder / "anna", "--model", shaspec_folder, "--out", out, "--device", "cpu"]
    result = run(*words, "--probabilities", "--present", "T1")
    assert "probabilities (not calibrated): x_prob_" in result.output
    assert len(list(tmp_path.glob("x_prob_*.nii.gz"))) == 3
    (tmp_path / "x_prob_ET.nii.gz").write_bytes(b"mine")
    with pytest.raises(InputError, match=r"x_prob_ET\.nii\.gz: exists already"):
        run(*words, "--probabilities", "--present", "T1")
