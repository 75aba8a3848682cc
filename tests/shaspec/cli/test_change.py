"""`shaspec change`: two dates of one patient on the command line."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from shaspec.errors import InputError
from shaspec.io import write_case


@pytest.fixture
def later(small_case, tmp_path) -> Path:
    """A later date without T1ce."""
    volumes = {name: small_case.volumes[name] * 1.1 for name in ("FLAIR", "T1", "T2")}
    write_case(tmp_path / "anna-2", replace(small_case, name="anna-2", volumes=volumes))
    return tmp_path / "anna-2"


@pytest.mark.slow
def test_two_dates_give_a_table_a_report_and_its_json(
    run, folder, later, shaspec_folder, tmp_path, rows_of
):
    out, table = tmp_path / "change.html", tmp_path / "change.csv"
    words = ["change", folder / "anna", later, "--model", shaspec_folder, "--device", "cpu"]
    said = run(*words, "--out", out, "--csv", table).output
    assert "T1ce of anna was left out" in said
    assert "Change since anna, from FLAIR+T1+T2" in said
    assert [row["region"] for row in rows_of(table)] == ["ET", "TC", "WT"]
    assert {row["subset"] for row in rows_of(table)} == {"FLAIR+T1+T2"}
    assert out.with_suffix(".json").is_file()
    with pytest.raises(InputError, match="--overwrite"):
        run(*words, "--out", out)


def test_a_case_is_not_compared_with_itself(run, folder, shaspec_folder):
    with pytest.raises(InputError, match="the same volume"):
        run("change", folder / "anna", folder / "anna", "--model", shaspec_folder)
