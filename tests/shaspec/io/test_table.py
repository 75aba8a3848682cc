"""Tables as spreadsheets and editors of several countries save them."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shaspec.evaluation.tables import read_rows as read_metrics
from shaspec.io.splits import listed_cases
from shaspec.io.table import file_at, read_cells, read_number

ROWS = [["case", "FLAIR", "remark"], ["Müller", "a.nii.gz", "left, above"], ["p2", "", "x"]]


def line(row: list[str], separator: str) -> str:
    return separator.join(f'"{cell}"' if "," in cell else cell for cell in row)


@pytest.mark.parametrize("separator", [",", ";", "\t"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "utf-16"])
@pytest.mark.parametrize("newline", ["\n", "\r\n"])
@pytest.mark.parametrize("said", [False, True])
def test_every_way_of_saving_a_table_reads_alike(
    tmp_path: Path, separator: str, encoding: str, newline: str, said: bool
) -> None:
    lines = [f"sep={separator}"] * said + [line(row, separator) for row in ROWS]
    path = tmp_path / "cases.csv"
    path.write_bytes((newline.join(lines) + newline).encode(encoding))
    assert read_cells(path) == ROWS


@given(st.decimals(-1000, 1000, places=3, allow_nan=False))
def test_a_decimal_comma_is_a_decimal_point(number: object) -> None:
    assert read_number(str(number).replace(".", ",")) == read_number(str(number))


def test_a_number_with_a_comma_and_a_point_is_refused() -> None:
    with pytest.raises(ValueError, match=r"1\.234,5"):
        read_number("1.234,5")


def test_scores_saved_by_a_spreadsheet_are_read(tmp_path: Path) -> None:
    path = tmp_path / "metrics.csv"
    path.write_bytes("case;subset;region;dice\r\nMüller;T2;ET;0,5\r\n".encode("cp1252"))
    (row,) = read_metrics([path])
    assert (row.case, row.scores["dice"]) == ("Müller", 0.5)


def test_a_path_of_windows_names_the_file(tmp_path: Path) -> None:
    (tmp_path / "p1").mkdir()
    (tmp_path / "p1" / "a.nii").touch()
    assert file_at("p1\\a.nii", tmp_path) == tmp_path / "p1" / "a.nii"


def test_a_list_of_names_with_semicolons_is_read(tmp_path: Path) -> None:
    path = tmp_path / "names.txt"
    path.write_bytes("Müller;left\r\np2;right\r\n".encode("cp1252"))
    assert listed_cases(path) == ["Müller", "p2"]
