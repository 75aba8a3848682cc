"""`shaspec` lists its version, models and tasks."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from typer.testing import Result

from shaspec.models.card import load_card
from shaspec.task import load_task

Run = Callable[..., Result]


def test_the_version_and_the_models_are_listed(run: Run) -> None:
    assert run("--version").output.startswith("shaspec ")
    assert "licence" in run("models").output
    printed = run("models", "shaspec").output
    assert "research use only" in printed
    whole_tumour = load_card("shaspec").scores["out of fold of version 0.1, FLAIR+T2"]["WT"]
    (line,) = [line for line in printed.splitlines() if line.lstrip("│ ").startswith("FLAIR+T2 ")]
    assert f"{whole_tumour:.2f}" in line


def test_a_task_file_to_start_from_is_printed(run: Run, tmp_path: Path) -> None:
    own = tmp_path / "my.toml"
    own.write_text(run("task").output)
    assert load_task(own).name == "my-task"
    own.write_text(run("task", "rgbd").output)
    assert load_task(own) == load_task("rgbd")
