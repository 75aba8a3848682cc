"""Files of an evaluation in addition to ``metrics.csv``."""

from __future__ import annotations

from pathlib import Path

from shaspec.evaluation.figures import figure_files, heat_map, save_figure
from shaspec.evaluation.report import ScoreTable, as_latex, as_markdown
from shaspec.evaluation.tables import COMPARISON_FILE
from shaspec.files.writing import write_atomically

TABLE = "table"
HEAT_MAP = "heatmap"
COMPARISON = "comparison"


def result_files(stem: str = TABLE, picture: str = HEAT_MAP) -> tuple[str, ...]:
    """The names of the files that `write_tables` and `write_heat_map` write."""
    return (f"{stem}.md", f"{stem}.tex", *figure_files(picture))


def comparison_files() -> tuple[str, ...]:
    """The names of the files that compare two models."""
    return (COMPARISON_FILE, *result_files(COMPARISON, COMPARISON))


def write_tables(folder: Path, *tables: ScoreTable, stem: str = TABLE) -> None:
    """Writes ``table.md`` and ``table.tex``, one table below the other."""
    for ending, render in (("md", as_markdown), ("tex", as_latex)):
        text = "\n".join(render(table) for table in tables)
        write_atomically(folder / f"{stem}.{ending}", text.encode())


def write_heat_map(folder: Path, table: ScoreTable, stem: str = HEAT_MAP) -> None:
    """Writes ``heatmap.png`` and ``heatmap.svg``."""
    save_figure(heat_map(table), folder / stem)
