"""Files written by a sweep."""

from __future__ import annotations

import csv
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import nibabel
import numpy as np
import pytest
from matplotlib.figure import Figure

from shaspec.analysis import robustness_files as files
from shaspec.analysis.robustness_plots import draw_heat_map
from shaspec.analysis.subset_table import DICE, VOLUME, SubsetTable
from shaspec.errors import InputError


@pytest.fixture
def table(session, run_sweep: Callable[..., SubsetTable]) -> SubsetTable:
    return run_sweep(session)


def read(path: Path) -> list[dict[str, str]]:
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def test_tables_are_read_back_as_written(table: SubsetTable, tmp_path: Path) -> None:
    lines = read(files.write_rows(tmp_path / "deep" / "sweep.csv", [table]))
    assert len(lines) == 45
    assert [line["subset"] for line in lines[::3]] == [row.name for row in table.rows]
    shares = read(files.write_shapley(tmp_path / "shapley.csv", [table], [DICE, VOLUME]))
    assert len(shares) == 2 * 3 * 4
    for region in table.regions:
        mine = [s for s in shares if (s["measure"], s["region"]) == ("dice", region)]
        total = float(mine[0]["all"]) - float(mine[0]["nothing"])
        assert sum(float(s["shapley"]) for s in mine) == pytest.approx(total, abs=1e-5)


def test_figures_are_of_the_kind_that_the_ending_names(table: SubsetTable, tmp_path: Path) -> None:
    heat = files.heat_map_figure([table, replace(table, model="other")], DICE)
    assert files.write_figure(tmp_path / "a.png", heat).read_bytes().startswith(b"\x89PNG")
    bars = files.contributions_figure([table], VOLUME)
    assert files.write_figure(tmp_path / "b.pdf", bars).read_bytes().startswith(b"%PDF")
    with pytest.raises(InputError, match="change the ending"):
        files.write_figure(tmp_path / "c.xyz", heat)


def test_every_number_of_the_table_is_in_the_heat_map(table: SubsetTable) -> None:
    axes = draw_heat_map(Figure(), [table], DICE).axes
    shown = sorted(text.get_text() for text in axes.texts)
    values = [row.values["dice"][region] for row in table.rows for region in table.regions]
    assert shown == sorted(DICE.text(v) for v in values)
    assert [t.get_text() for t in axes.get_xticklabels()] == [*table.modalities, *table.regions]


def test_rows_that_have_not_come_are_left_blank(table: SubsetTable) -> None:
    axes = draw_heat_map(Figure(), [replace(table, rows=table.rows[:2])], VOLUME).axes
    assert len(axes.texts) == 6


def test_models_without_common_modalities_are_not_shown_together(table: SubsetTable) -> None:
    other = replace(table, modalities=("FLAIR",), rows=())
    with pytest.raises(InputError, match="cannot be shown in one figure"):
        draw_heat_map(Figure(), [table, other], DICE)


def test_a_caption_names_the_models_trained_on_the_case(table: SubsetTable) -> None:
    seen = replace(table, seen_in_training=True)
    assert "seen in training by pretended" in files.caption([seen], DICE)
    assert "against all modalities" in files.caption([table], DICE)
    assert "against" not in files.caption([table], VOLUME)


def test_maps_lie_on_the_grid_of_the_case(table: SubsetTable, tmp_path: Path) -> None:
    paths = files.write_maps(tmp_path, table)
    assert len(paths) == 1 + 3 * 3
    grid = table.rows[0].prediction.grid
    for path in paths:
        np.testing.assert_array_equal(nibabel.load(path).affine, grid.affine)
    number = nibabel.load(tmp_path / "anna_pretended_smallest_subset_ET.nii.gz")
    found = {table.rows[int(n) - 1].name for n in np.unique(number.dataobj) if n}
    assert found == {"T1ce"}
    assert len(files.write_label_maps(tmp_path, table)) == 15
