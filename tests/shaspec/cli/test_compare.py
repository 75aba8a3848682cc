"""`shaspec compare` and `published`: tables of earlier runs and of papers."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import Result

from shaspec.errors import ShaspecError

Run = Callable[..., Result]


def test_compare_joins_folds_and_says_which_rules_they_had(run: Run, tmp_path: Path) -> None:
    for name, value in (("a0", 0.9), ("a1", 0.5), ("b0", 0.8), ("b1", 0.6)):
        (tmp_path / name).mkdir()
        text = f"case,subset,region,dice\n{name[1]},T2,ET,{value}\n"
        (tmp_path / name / "metrics.csv").write_text(text, "utf-8")
    (tmp_path / "a0" / "protocol.json").write_text('{"rules": "other rules"}', "utf-8")
    a0, a1, b0, b1 = (tmp_path / name for name in ("a0", "a1", "b0", "b1"))
    result = run("compare", a0, a1, "--against", b0, "--against", b1)
    assert "2 shared cases" in result.output
    assert "rules: other rules" in result.output
    assert "the rules differ" in result.output
    with pytest.raises(ShaspecError, match="got 3 tables"):
        run("compare", a0, a1, b0)


def test_compare_counts_the_cases_of_each_row(run: Run, tmp_path: Path) -> None:
    lines = ["a,T1,ET,0.5", *(f"{case},{s},ET,0.5" for case in "bc" for s in ("T2", "T1+T2"))]
    for name in ("one", "other"):
        (tmp_path / name).mkdir()
        text = "\n".join(["case,subset,region,dice", *lines])
        (tmp_path / name / "metrics.csv").write_text(text, "utf-8")
    said = " ".join(run("compare", tmp_path / "one", tmp_path / "other").output.split())
    assert "1 to 2 shared cases" in said
    assert "1 to 2 cases; unknown" in said
    assert "only 1 case" in said


def test_published_tables_are_listed_and_shown(run: Run) -> None:
    listed = " ".join(run("published").output.split())
    assert "shaspec-brats2018: ShaSpec, Dice (%), mean of 15: ET 61.58" in listed
    assert "m3l-sid: Linear Fusion, M3L, mIoU (%), RGB+depth: 0.1 % 44.10" in listed
    assert "shaspec-avmnist: ShaSpec, accuracy (%), image: 5 % 93.33" in listed
    assert "66 cases" in run("published", "shaspec-brats2018").output


def test_names_with_brackets_are_printed_as_they_are(run: Run, tmp_path: Path) -> None:
    for name in ("one", "other"):
        (tmp_path / name).mkdir()
        text = "case,subset,region,dice\na,T2,ET,0.5\n"
        (tmp_path / name / "metrics.csv").write_text(text, "utf-8")
    words = ["compare", tmp_path / "one", tmp_path / "other", "--names"]
    said = run(*words, "m3l[few=5],m3l[few=9]").output
    assert "ET m3l[few=5]" in said
    assert "ET m3l[few=9]" in said
    assert "minus a[/b]" in run(*words, "a,a[/b]").output
