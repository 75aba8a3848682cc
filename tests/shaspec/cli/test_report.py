"""`shaspec report`: which subsets are rows of its table."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import Result

from shaspec.case import Case
from shaspec.models.card import Card
from shaspec.prediction import Prediction

Run = Callable[..., Result]


def test_a_subset_that_is_named_twice_is_one_row(
    run: Run,
    folder: Path,
    shaspec_folder: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    subsets: list[tuple[str, ...]] = []

    def write(path: Path, case: Case, predictions: list[Prediction], card: Card) -> Path:
        subsets.extend(prediction.subset for prediction in predictions)
        return path

    monkeypatch.setattr("shaspec.report.write_report", write)
    words = ["report", folder / "anna", "--model", shaspec_folder, "--out", tmp_path / "page.html"]
    run(*words, "--device", "cpu", "--present", "T2", "--present", "T1", "--present", "t2")
    assert subsets == [("T2",), ("T1",)]
