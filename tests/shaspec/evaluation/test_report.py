"""Tables and figures in the layout of the papers."""

from __future__ import annotations

import math
import re
from pathlib import Path

import matplotlib.image
import numpy as np
import pytest
from rich.console import Console

from shaspec.errors import InputError
from shaspec.evaluation.comparison import compare
from shaspec.evaluation.published import all_published, load_published
from shaspec.evaluation.report import (
    ScoreTable,
    as_latex,
    as_markdown,
    as_rich,
    difference_overview,
    difference_table,
    overview,
    record,
    score_table,
)
from shaspec.evaluation.results import write_heat_map, write_tables
from shaspec.evaluation.statistics import summary
from shaspec.evaluation.tables import Row


def rows(shift: float = 0.0) -> list[Row]:
    return [
        Row(case, subset, region, {"dice": value + shift, "hd95_mm": 10 * value})
        for case, gain in (("a", 0.0), ("b", 0.2))
        for subset, region, value in (
            ("FLAIR", "ET", 0.1 + gain),
            ("FLAIR", "WT", 0.3 + gain),
            ("FLAIR+T2", "ET", 0.5 + gain),
            ("FLAIR+T2", "WT", 0.6 + gain),
        )
    ]


@pytest.fixture
def table() -> ScoreTable:
    return score_table({"mine": summary(rows())}, notes=["2 cases; rules_1 & more"])


def printed(shown: object) -> str:
    console = Console(width=150, record=True)
    console.print(shown)
    return console.export_text()


def test_a_table_has_a_row_per_subset_a_column_per_region_and_their_means(
    table: ScoreTable,
) -> None:
    assert table.modalities == ("FLAIR", "T2")
    assert table.columns == ("ET", "WT", "average")
    assert list(table.rows) == ["FLAIR", "FLAIR+T2", "mean of 2"]
    assert table.lead("FLAIR") == ["●", "○"]
    assert table.lead("mean of 2") == ["mean of 2", ""]
    assert table.cells("FLAIR") == ["20.00", "40.00", "30.00"]
    assert table.cells("mean of 2") == ["40.00", "55.00", "47.50"]


def test_other_metrics_keep_their_units() -> None:
    table = score_table({"mine": summary(rows())}, "hd95_mm")
    assert table.title == "HD95 (mm), mean over cases"
    assert table.cells("FLAIR")[0] == "2.00"


def test_one_subset_needs_no_row_of_means() -> None:
    one = [row for row in rows() if row.subset == "FLAIR"]
    assert list(score_table({"mine": summary(one)}).rows) == ["FLAIR"]


def test_two_models_stand_beside_each_other_region_by_region() -> None:
    both = score_table({"mine": summary(rows()), "theirs": summary(rows(0.1))})
    assert both.columns[:2] == ("ET mine", "ET theirs")
    assert both.cells("FLAIR")[:2] == ["20.00", "30.00"]


def test_the_terminal_shows_dots_numbers_and_rules(table: ScoreTable) -> None:
    text = printed(as_rich(table))
    assert "●│○│20.00│40.00│30.00" in text.replace(" ", "")
    assert "47.50" in text
    assert "rules_1 & more" in text
    assert "[" in printed(overview("mine", summary(rows())))


def test_files_that_cannot_be_written_are_named(tmp_path: Path, table: ScoreTable) -> None:
    (tmp_path / "file").touch()
    for write in (write_tables, write_heat_map):
        with pytest.raises(InputError, match=r"file.(table|heatmap)\.\w+: cannot be written"):
            write(tmp_path / "file", table)


def test_brackets_in_a_name_are_printed_literally() -> None:
    named = {"m3l[few=5]": summary(rows()), "a[/b]": summary(rows())}
    text = printed(as_rich(score_table(named, notes=["of [red]cases"])))
    for word in ("ET m3l[few=5]", "WT a[/b]", "of [red]cases"):
        assert word in text
    assert "m3l[few=5]: mean of 2" in printed(overview("m3l[few=5]", summary(rows())))


def test_markdown_has_one_line_a_row(table: ScoreTable) -> None:
    lines = as_markdown(table).splitlines()
    assert "| FLAIR | T2 | ET | WT | average |" in lines
    assert "| ● | ○ | 20.00 | 40.00 | 30.00 |" in lines
    assert "| **mean of 2** |  | **40.00** | **55.00** | **47.50** |" in lines


def test_latex_special_characters_are_escaped(table: ScoreTable) -> None:
    text = as_latex(table)
    assert r"rules\_1 \& more" in text
    assert r"$\bullet$ & $\circ$ & 20.00 & 40.00 & 30.00 \\" in text
    assert r"\multicolumn{2}{l}{mean of 2} & 40.00" in text
    assert text.count("{") == text.count("}")


def test_differences_have_a_sign_and_the_cases_won() -> None:
    lines = compare(rows(), rows(0.1))
    table = difference_table(lines, "mine", "theirs")
    assert table.cells("FLAIR") == ["−10.00", "−10.00", "−10.00"]
    assert "−10.00 (0/0/2)" in printed(as_rich(table, record(lines, "dice")))
    assert "−10.0 [−10.0,−10.0] (0/0/2)" in printed(difference_overview(lines, "mine", "theirs"))


def test_a_cell_without_a_value_is_empty(tmp_path: Path) -> None:
    table = ScoreTable("t", ("ET",), {"T1": (math.nan,), "T1+T2": (3.0,)})
    assert table.cells("T1") == [""]
    write_heat_map(tmp_path, table)
    assert (tmp_path / "heatmap.svg").stat().st_size > 0


def test_tables_and_a_heat_map_are_written(tmp_path: Path, table: ScoreTable) -> None:
    write_tables(tmp_path, table)
    write_heat_map(tmp_path, table)
    names = {path.name for path in tmp_path.iterdir()}
    assert names == {"table.md", "table.tex", "heatmap.png", "heatmap.svg"}
    picture = matplotlib.image.imread(tmp_path / "heatmap.png")[..., :3]
    assert len(np.unique(picture.reshape(-1, 3), axis=0)) > 20  # not a blank page


@pytest.mark.parametrize("published", all_published(), ids=lambda p: p.name)
def test_a_published_table_has_the_averages_that_it_prints(published) -> None:
    assert published.protocol
    assert published.source
    assert re.fullmatch(r"(Dice|mIoU|accuracy) \(%\)", published.measure)
    rows = published.table.rows
    assert rows
    for values in rows.values():
        assert len(values) == len(published.columns)
        assert all(0 < value < 100 for value in values)
    if published.measure == "Dice (%)":
        assert published.columns == ("ET", "TC", "WT")
        assert published.average
    if published.average and published.subsets:
        means = np.mean(list(published.subsets.values()), axis=0)
        assert len(published.subsets) == published.over
        np.testing.assert_allclose(means, published.average, atol=0.051)  # printed to 0.1 or 0.01


def test_a_published_table_is_shown_with_its_protocol() -> None:
    text = printed(as_rich(load_published("shaspec-brats2018").table))
    assert "61.58" in text
    assert "66 cases" in text
    few = printed(as_rich(load_published("m3l-sid").table))
    for word in ("mIoU", "RGB", "depth", "0.1 %", "44.10", "40.05", "other cases than ours"):
        assert word in few
    assert "mean of" not in few
    with pytest.raises(InputError, match=r"no published table 'x': there are .*shaspec-brats2018"):
        load_published("x")
