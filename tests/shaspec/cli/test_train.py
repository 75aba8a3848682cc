"""`shaspec train`: files, checks and JSON events."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from shaspec.cli import app
from shaspec.errors import ShaspecError

Run = Callable[..., Result]


@pytest.mark.slow
def test_train_leaves_a_model_that_predict_takes(run: Run, folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "run"
    config = tmp_path / "run.toml"
    config.write_text(f'cache = "{tmp_path / "cache"}"\ncheckpoint_minutes = 60\n')
    result = run(
        "train", config, "--out", out, "--method", "zero-fill", "--data", folder,
        "--max-steps", 1, "--crop", "16,16,16", "--batch", 1, "--device", "cpu",
    )  # fmt: skip
    assert "training zero-fill" in result.output
    run("predict", folder / "anna", "--model", out, "--out", tmp_path / "s.nii.gz")


def test_train_lists_cases_and_problems_before_it_starts(
    run: Run, folder: Path, tmp_path: Path
) -> None:
    data = Path(shutil.copytree(folder, tmp_path / "data"))
    shutil.copytree(data / "anna", data / "ben")
    next((data / "anna").glob("*_t1.*")).unlink()
    words = ["train", "--out", tmp_path / "run", "--data", data, "--max-steps", 1, "--check"]
    said = run(*words).output
    assert next(line for line in said.splitlines() if "anna" in line).count("yes") == 3
    assert "2 to train on" in said
    next((data / "ben").glob("*_t2.*")).write_bytes(b"no volume")
    with pytest.raises(ShaspecError, match=r"1 problem: case ben: .*t2"):
        run(*words)
    assert not (tmp_path / "run").exists()


def test_check_tells_what_is_doubtful_in_the_content_of_a_case(
    run: Run, folder: Path, tmp_path: Path
) -> None:
    data = Path(shutil.copytree(folder, tmp_path / "data"))
    t1, t2 = (next((data / "anna").glob(f"*_{name}.*")) for name in ("t1", "t2"))
    shutil.copy(t1, t2)
    words = ["train", "--out", tmp_path / "run", "--data", data, "--max-steps", 1, "--check"]
    said = " ".join(run(*words).output.split())
    assert "case anna: T1" in said
    assert "have the same voxels" in said
    assert "labels read as" not in said


def test_check_reads_the_unlabelled_and_validation_cases(
    run: Run, folder: Path, tmp_path: Path
) -> None:
    for name in ("data/anna", "data/ben", "data/held", "more/new"):
        shutil.copytree(folder / "anna", tmp_path / name)
    (tmp_path / "val.txt").write_text("held\n")
    words = [
        "train", "--out", tmp_path / "run", "--data", tmp_path / "data", "--max-steps", 1,
        "--method", "m3l", "--splits", tmp_path / "val.txt", "--check",
        "--set", "labelled=['anna']", "--set", f"unlabelled={tmp_path / 'more'}",
        "--set", "validate_every_minutes=5",
    ]  # fmt: skip
    said = run(*words).output
    assert "1 to train on, 2 unlabelled, 1 held out, 1 of these to validate on" in said
    used = {"anna": "train", "ben": "unlabelled", "new": "unlabelled", "held": "validate"}
    for name, use in used.items():
        assert use in next(line for line in said.splitlines() if f" {name} " in line)
    next((tmp_path / "more").rglob("*_t2.*")).write_bytes(b"no volume")
    next((tmp_path / "data" / "held").glob("*_t1.*")).write_bytes(b"no volume")
    message = r"3 problems: crop \(60, .*; case new: .*t2.*; case held: .*t1"
    with pytest.raises(ShaspecError, match=message):
        run(*words, "--crop", "60,64,64", "--set", "architecture=maml")


def test_check_does_not_count_cases_whose_labels_are_hidden(
    run: Run, folder: Path, tmp_path: Path
) -> None:
    for name in ("anna", "ben"):
        shutil.copytree(folder / "anna", tmp_path / "data" / name)
    words = ["train", "--out", tmp_path / "run", "--data", tmp_path / "data", "--max-steps", 1]
    words += ["--check", "--set", "labelled=1"]
    assert "1 to train on, 0 held out" in run(*words).output
    assert "1 to train on, 1 unlabelled, 0 held out" in run(*words, "--method", "m3l").output


@pytest.mark.slow
def test_train_speaks_json_to_programs(run: Run, folder: Path, tmp_path: Path) -> None:
    words = [
        "train", "--json", "--out", tmp_path / "run", "--method", "zero-fill", "--data", folder,
        "--max-steps", 1, "--crop", "16,16,16", "--batch", 1, "--device", "cpu",
        "--set", f"cache={tmp_path / 'cache'}", "--set", "seed=3",
    ]  # fmt: skip
    events = [json.loads(line) for line in run(*words).output.splitlines()]
    assert [e["event"] for e in events[-3:]] == ["step", "checkpoint", "finished"]
    assert json.loads((tmp_path / "run" / "config.json").read_text())["seed"] == 3
    result = CliRunner().invoke(app, [str(w) for w in [*words, "--set", "ema=0.5"]])
    last = json.loads(result.output.splitlines()[-1])
    assert last["event"] == "failed"
    assert "another configuration (ema)" in last["message"]


def test_a_setting_without_a_value_is_refused(run: Run) -> None:
    with pytest.raises(ShaspecError, match="say KEY=VALUE"):
        run("train", "--set", "ema")


@pytest.mark.parametrize(
    ("words", "named"),
    [
        (["--method", "m3l", "--crop", "32,32,32"], "--method, --crop"),
        (["--set", "ema=0.9", "--check"], "--set, --check"),
        (["my.toml"], "configuration my.toml"),
    ],
)
def test_options_that_init_ignores_are_refused(
    run: Run, folder: Path, words: list[str], named: str, tmp_path: Path
) -> None:
    with pytest.raises(ShaspecError, match=rf"^{named}: not used here; --init only takes --out, "):
        run("train", *words, "--init", folder, "--out", tmp_path / "mine")
    assert not (tmp_path / "mine").exists()


def test_options_of_init_are_refused_without_it(run: Run, folder: Path) -> None:
    with pytest.raises(ShaspecError, match=r"^--labels-word: not used here; it needs --init"):
        run("train", "--data", folder, "--out", "o", "--max-steps", 1, "--labels-word", "gt")
