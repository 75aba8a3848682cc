"""Files of an evaluation in addition to ``metrics.csv``."""

from __future__ import annotations

from pathlib import Path

from shaspec.evaluation.figures import heat_map, save_figure
from shaspec.evaluation.report import ScoreTable, as_latex, as_markdown
from shaspec.files.writing import write_atomically

TABLE = "table"
HEAT_MAP = "heatmap"


def write_tables(folder: Path, *tables: ScoreTable, stem: str = TABLE) -> None:
    """Writes ``table.md`` and ``table.tex``, one table below the other."""
    for ending, render in (("md", as_markdown), ("tex", as_latex)):
        text = "\n".join(render(table) for table in tables)
        write_atomically(folder / f"{stem}.{ending}", text.encode())


def write_heat_map(folder: Path, table: ScoreTable, stem: str = HEAT_MAP) -> None:
    """Writes ``heatmap.png`` and ``heatmap.svg``."""
    save_figure(heat_map(table), folder / stem)
