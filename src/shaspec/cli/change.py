"""``shaspec change``: two dates of one patient."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.table import Table

from shaspec.cli.common import (
    Grid,
    Overwrite,
    check_results,
    escape,
    report_case,
    run_job,
    source,
)
from shaspec.cli.run_options import RUN, with_run_options
from shaspec.inference.options import RunOptions

if TYPE_CHECKING:
    from shaspec.analysis.change import Change


@with_run_options
def change(
    earlier: Annotated[Path, typer.Argument(help="The earlier date: a case folder or 4-D file.")],
    later: Annotated[Path, typer.Argument(help="The later date of the same patient.")],
    present: Annotated[
        str,
        typer.Option(help="Modalities to use, e.g. FLAIR+T2; default: all that both dates have."),
    ] = "",
    out: Annotated[
        Path | None, typer.Option(help="Report to write (.html or .pdf), and .json beside it.")
    ] = None,
    csv: Annotated[Path | None, typer.Option(help="CSV of the changes to write.")] = None,
    model: Annotated[str, typer.Option(help="A bundled model or a model folder.")] = "shaspec",
    run: RunOptions = RUN,
    grid: Grid = "",
    overwrite: Overwrite = False,
) -> None:
    """Segment two dates of one patient from the same modalities, and print the change per region.

    Modalities that one date lacks are left out of the other. The dates need not be registered.
    """
    from shaspec.analysis.change import change_job, match_dates, write_change
    from shaspec.io import read_case
    from shaspec.io.outputs import refuse_volume
    from shaspec.models.weights import load_model
    from shaspec.report import ENDINGS, write_report
    from shaspec.report.record import record_path

    console = Console()
    loaded = load_model(model)
    task = loaded.card.task
    asked = task.parse_subset(present) if present else None
    first, second = (
        read_case(source([path]), task, with_labels=False, present=asked, grid=grid)
        for path in (earlier, later)
    )
    for case in (first, second):
        report_case(console, case)
        if out is not None:
            check_results([out], case, overwrite, ENDINGS)
        refuse_volume(csv)
        check_results([out and record_path(out), csv], case, overwrite)
    match_dates(first, second, asked)  # its errors come before the work
    job = change_job(lambda case: run.session(loaded, case, keep=0), first, second, asked)
    comparison = run_job(console, job).value
    console.print(change_table(comparison))
    written = [write_change(csv, comparison)] if csv else []
    if out is not None:
        written.append(
            write_report(
                out, comparison.later_case, [comparison.later], loaded.card, change=comparison
            )
        )
        written.append(record_path(out))
    wrote = f"; wrote {', '.join(map(str, written))}" if written else ""
    console.print(escape(f"model {loaded.card.name}, {loaded.card.licence}{wrote}"))


def change_table(found: Change) -> Table:
    """The table of the report, for a terminal."""
    from shaspec.report.change import heading, table

    head, *rows = table(found)
    subset = found.later.task.subset_name(found.later.subset)
    shown = Table(title=escape(f"{heading(found)}, from {subset}"))
    for number, text in enumerate(head):
        shown.add_column(escape(text), justify="right" if number else "left")
    for row in rows:
        shown.add_row(*map(escape, row))
    return shown
