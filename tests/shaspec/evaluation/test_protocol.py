"""Evaluation: one row per case, subset and region; summaries of them elsewhere."""

from __future__ import annotations

import csv
from dataclasses import replace
from pathlib import Path

import pytest

from shaspec.case import Case
from shaspec.errors import InputError
from shaspec.evaluation.protocol import Row, evaluate_case, summary, write_csv
from shaspec.models.weights import Model


def test_a_case_gives_45_rows_with_full_names(shaspec_model: Model, small_case: Case) -> None:
    rows = list(evaluate_case(shaspec_model, small_case, device="cpu"))
    assert len(rows) == 45
    assert rows[-1].subset == "FLAIR+T1+T1ce+T2"
    assert {r.region for r in rows} == {"ET", "TC", "WT"}
    assert all(0 <= r.dice <= 1 for r in rows)


def test_a_case_that_lacks_modalities_gives_the_subsets_it_has(
    shaspec_model: Model, small_case: Case
) -> None:
    case = small_case.only(("FLAIR", "T2"))
    subsets = {r.subset for r in evaluate_case(shaspec_model, case, device="cpu")}
    assert subsets == {"FLAIR", "T2", "FLAIR+T2"}


def test_a_case_without_labels_is_refused(shaspec_model: Model, small_case: Case) -> None:
    with pytest.raises(InputError, match="has no labels"):
        next(evaluate_case(shaspec_model, replace(small_case, labels=None)))


def test_the_mean_over_subsets_is_taken_per_case_first() -> None:
    rows = [
        Row("a", "FLAIR", "WT", 0.2), Row("a", "T2", "WT", 0.4),
        Row("b", "FLAIR", "WT", 0.6), Row("b", "T2", "WT", 1.0),
    ]  # fmt: skip
    lines = {(line["subset"]): line for line in summary(rows)}
    assert lines["FLAIR"]["mean"] == pytest.approx(0.4)
    assert lines["mean of 2"]["mean"] == pytest.approx(0.55)
    assert lines["mean of 2"]["cases"] == "2"


def test_the_table_is_read_back_as_written(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "metrics.csv"
    write_csv(path, [Row("a", "FLAIR+T2", "ET", 1 / 3)])
    with path.open() as file:
        (line,) = csv.DictReader(file)
    assert line == {"case": "a", "subset": "FLAIR+T2", "region": "ET", "dice": "0.333333"}
