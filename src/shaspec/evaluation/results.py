"""The files of an evaluation: all that is written beside ``metrics.csv``."""

from __future__ import annotations

from pathlib import Path

from shaspec.evaluation.figures import heat_map, save_figure
from shaspec.evaluation.report import ScoreTable, as_latex, as_markdown

TABLE = "table"
HEAT_MAP = "heatmap"


def write_tables(folder: Path, *tables: ScoreTable, stem: str = TABLE) -> None:
    """``table.md`` and ``table.tex``, one table below the other."""
    folder.mkdir(parents=True, exist_ok=True)
    for ending, render in (("md", as_markdown), ("tex", as_latex)):
        text = "\n".join(render(table) for table in tables)
        (folder / f"{stem}.{ending}").write_text(text, "utf-8")


def write_heat_map(folder: Path, table: ScoreTable, stem: str = HEAT_MAP) -> None:
    """``heatmap.png`` and ``heatmap.svg``."""
    save_figure(heat_map(table), folder / stem)
