"""How the results of an evaluation are printed, and which files go with them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console

from shaspec.cli.common import escape

if TYPE_CHECKING:
    from shaspec.evaluation.published import Published
    from shaspec.evaluation.tables import Line, Row


def print_scores(
    console: Console, results: Mapping[str, Sequence[Row]], rules: str, out: Path | None
) -> None:
    """The table of the papers and every metric over all subsets.

    Writes ``table.md``, ``table.tex`` and a heat map for each model, where ``out`` is given.
    """
    from shaspec.evaluation.bootstrap import caution
    from shaspec.evaluation.report import as_rich, overview, score_table
    from shaspec.evaluation.results import write_heat_map, write_tables
    from shaspec.evaluation.statistics import summary

    summaries = {name: summary(rows) for name, rows in results.items()}
    fewest, number = _cases([line for lines in summaries.values() for line in lines])
    note = f"{number}; {rules}"
    everything = score_table(summaries, notes=[note])
    console.print(as_rich(everything))
    for name, lines in summaries.items():
        console.print(overview(name, lines))
    if text := caution(fewest):
        console.print(f"[yellow]{text}[/]")
    if out is None:
        return
    write_tables(out, everything)
    for folder, (name, lines) in zip((out, out / "against"), summaries.items(), strict=False):
        write_heat_map(folder, score_table({name: lines}, notes=[name, note]))


def print_comparison(
    console: Console, a: tuple[str, Sequence[Row]], b: tuple[str, Sequence[Row]], out: Path | None
) -> None:
    """Paired differences, and in how many cases each was better; ``comparison.*``."""
    from shaspec.evaluation.bootstrap import caution
    from shaspec.evaluation.comparison import compare
    from shaspec.evaluation.report import as_rich, difference_overview, difference_table, record
    from shaspec.evaluation.results import COMPARISON, write_heat_map, write_tables
    from shaspec.evaluation.tables import COMPARISON_FILE
    from shaspec.files.tables import write_csv

    lines = compare(a[1], b[1])
    names = a[0], b[0]
    fewest, number = _cases(lines, "shared ")
    note = f"{number}; in brackets: cases won/tied/lost by {a[0]}"
    table = difference_table(lines, *names, notes=[note])
    console.print(as_rich(table, record(lines, "dice")))
    console.print(difference_overview(lines, *names))
    if text := caution(fewest):
        console.print(f"[yellow]{text}[/]")
    if out is None:
        return
    write_csv(out / COMPARISON_FILE, lines)
    write_tables(out, table, stem=COMPARISON)
    write_heat_map(out, table, COMPARISON)


def _cases(lines: Sequence[Line], kind: str = "") -> tuple[int, str]:
    """The smallest number of cases in a row of Dice, and a text such as ``8 to 12 cases``.

    Rows differ if some cases lack a modality. A row without cases has no numbers to compare.
    """
    counts = {int(line["cases"]) for line in lines if line["metric"] == "dice"} - {0}
    fewest, most = min(counts, default=0), max(counts, default=0)
    number = f"{most}" if fewest == most else f"{fewest} to {most}"
    return fewest, f"{number} {kind}case{'s' * (most != 1)}"


def print_published(console: Console, published: Published) -> None:
    """Print a table from the literature with its protocol."""
    from shaspec.evaluation.report import as_rich

    console.print(as_rich(published.table))


def print_published_list(console: Console, tables: Sequence[Published]) -> None:
    """What there is, by protocol."""
    for protocol in dict.fromkeys(table.protocol for table in tables):
        console.print(f"[bold]{escape(protocol)}[/]")
        for table in (t for t in tables if t.protocol == protocol):
            row, values = list(table.table.rows.items())[-1 if table.average else 0]
            pairs = zip(table.columns, values, strict=True)
            scores = ", ".join(f"{column} {value:.2f}" for column, value in pairs)
            text = f"  {table.name}: {table.title}, {table.measure}, {row}: {scores}"
            console.print(escape(text), highlight=False)
