"""``metrics.csv`` is written and read back; folds are joined."""

from __future__ import annotations

import csv
import math
from pathlib import Path

import pytest

from shaspec.errors import InputError
from shaspec.evaluation.tables import Row, read_rows, write_rows


def test_the_table_has_a_row_per_case_subset_and_region_as_written(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "metrics.csv"
    write_rows(path, [Row("a", "FLAIR+T2", "ET", {"dice": 1 / 3, "hd95_mm": 2.0})])
    with path.open() as file:
        (line,) = csv.DictReader(file)
    assert line == {
        "case": "a", "subset": "FLAIR+T2", "region": "ET", "dice": "0.333333",
        "hd95_mm": "2.000000",
    }  # fmt: skip


def test_rows_are_read_back_with_undefined_values(tmp_path: Path) -> None:
    scores = {"dice": 0.25, "volume_error": math.nan}
    write_rows(tmp_path / "metrics.csv", [Row("a", "T2", "ET", scores)])
    (row,) = read_rows([tmp_path])  # a folder stands for its metrics.csv
    assert row.key == ("a", "T2", "ET")
    assert row.scores["dice"] == 0.25
    assert math.isnan(row.scores["volume_error"])


def test_a_table_with_only_dice_can_be_read(tmp_path: Path) -> None:
    path = tmp_path / "m.csv"
    path.write_text("case,subset,region,dice\na,T2,ET,0.5\n", "utf-8")
    assert read_rows([path]) == [Row("a", "T2", "ET", {"dice": 0.5})]


def test_a_table_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(InputError, match=r"file.*m\.csv: cannot be written"):
        write_rows(tmp_path / "file" / "m.csv", [Row("a", "T2", "ET", {"dice": 1.0})])
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def test_folds_are_joined_and_a_case_in_two_of_them_is_refused(tmp_path: Path) -> None:
    paths = [tmp_path / f"{name}.csv" for name in "ab"]
    for path in paths:
        write_rows(path, [Row(path.stem, "T2", "ET", {"dice": 1.0})])
    assert [row.case for row in read_rows(paths)] == ["a", "b"]
    with pytest.raises(InputError, match=r"case a, T2, ET is also in .*a\.csv: give each fold"):
        read_rows([paths[0], paths[0]])


@pytest.mark.parametrize(
    "text",
    [
        "",
        "case,subset,region\na,T2,ET\n",
        "case,subset,region,dice\n",
        "x,y\n1,2\n",
        "case,subset,region,dice\na,T2,ET,much\n",
    ],
)
def test_a_file_that_is_not_a_metrics_table_is_named(tmp_path: Path, text: str) -> None:
    path = tmp_path / "m.csv"
    path.write_text(text, "utf-8")
    with pytest.raises(InputError, match=r"m\.csv"):
        read_rows([path])
    with pytest.raises(InputError, match=r"gone\.csv"):
        read_rows([tmp_path / "gone.csv"])
