"""``--check`` reports all errors of a run without creating weights."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch

from shaspec.task import Task
from shaspec.training.check import settings_problems
from shaspec.training.config import make_config
from shaspec.training.selection import select_cases


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two labelled cases, ``b`` with T1 alone."""
    for case, words in {"a": ("t1", "t2", "seg"), "b": ("t1", "seg")}.items():
        (tmp_path / "data" / case).mkdir(parents=True)
        for word in words:
            (tmp_path / "data" / case / f"{case}_{word}.nii.gz").touch()
    return tmp_path / "data"


def problems(folder: Path, task: Task, **settings: Any) -> list[str]:
    config = make_config({"out": "o", "max_steps": 1, "data": folder} | settings)
    return settings_problems(config, task, select_cases(config, task))


def test_settings_that_fit_are_not_refused_and_no_weights_are_made(
    brats: Task, folder: Path
) -> None:
    before = torch.random.get_rng_state()
    assert not problems(folder, brats, preset="paper", crop=(96, 96, 96), subsets="T1")
    assert torch.equal(before, torch.random.get_rng_state())


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"crop": (64, 60, 64)}, "crop (64, 60, 64): this network needs multiples of 8, 8, 8"),
        ({"crop": (64, 64)}, "crop (64, 64): task 'brats' needs 3 numbers"),
        ({"network": {"deep": True}}, "deep"),
        ({"preset": "huge"}, "'huge'"),
        ({"subsets": "T7"}, "subsets = 'T7'"),
        ({"start": "nowhere"}, "'nowhere'"),
    ],
)
def test_a_setting_with_which_the_run_would_not_start_is_named(
    brats: Task, folder: Path, settings: dict[str, Any], said: str
) -> None:
    (problem,) = problems(folder, brats, **settings)
    assert said in problem


def test_a_start_of_another_shape_is_refused_and_a_fitting_one_is_not(
    brats: Task, folder: Path
) -> None:
    assert not problems(folder, brats, start="shaspec")
    (problem,) = problems(folder, brats, start="shaspec", method="zero-fill")
    assert problem.startswith("start 'shaspec' is a shaspec/light of another shape")


def test_cases_without_the_modalities_of_a_dedicated_model_are_named(
    brats: Task, folder: Path
) -> None:
    for name in ("bare", "empty"):
        (folder / name).mkdir()
        (folder / name / f"{name}_t1.nii.gz").touch()
    found = problems(folder, brats, subsets="T2", method="mean-teacher")
    assert [text.split(" has ")[0] for text in found] == ["case b", "case bare", "case empty"]


def test_subsets_to_validate_on_are_checked_with_the_cases_that_have_them(
    brats: Task, folder: Path
) -> None:
    (folder / "val.txt").write_text("b\n")
    validated = {"splits": folder / "val.txt", "validate_every_minutes": 5}
    assert not problems(folder, brats, validate_subsets=("T2", "T1"), **validated)
    assert problems(folder, brats, validate_subsets=("T2",), **validated) == [
        "validate_subsets: no case has all modalities of one: b"
    ]
    (problem,) = problems(folder, brats, validate_subsets=("T7",), **validated)
    assert problem.startswith("validate_subsets: ")
    assert "T7" in problem
    assert not problems(folder, brats, validate_subsets=("T2",), validate_every_minutes=5)


def test_settings_and_cases_are_refused_together(brats: Task, folder: Path) -> None:
    (folder / "val.txt").write_text("b\n")
    found = problems(
        folder, brats, crop=(60, 64, 64), splits=folder / "val.txt",
        validate_every_minutes=5, validate_subsets=("T2",),
    )  # fmt: skip
    assert [text.split()[0] for text in found] == ["crop", "validate_subsets:"]
