"""``shaspec compare``: two models case by case, from the tables of earlier evaluations."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from shaspec.cli.common import escape
from shaspec.cli.results import print_comparison, print_scores
from shaspec.errors import InputError
from shaspec.files.writing import check_folder


def compare(
    tables: Annotated[
        list[Path],
        typer.Argument(help="metrics.csv of A and of B; with --against: of all folds of A."),
    ],
    against: Annotated[
        list[Path] | None, typer.Option(help="metrics.csv of B; once for each fold.")
    ] = None,
    names: Annotated[str, typer.Option(help="Names of the two, e.g. shaspec,maml")] = "A,B",
    out: Annotated[
        Path | None, typer.Option(help="Folder for tables and figures; default: print only.")
    ] = None,
) -> None:
    """Compute paired differences between two models, per region and subset and over all subsets."""
    from shaspec.evaluation.protocol import rules_beside
    from shaspec.evaluation.results import comparison_files, result_files
    from shaspec.evaluation.tables import read_rows

    console = Console()
    if not against and len(tables) != 2:
        raise InputError(
            f"got {len(tables)} tables: give two, or those of A and each of B with --against"
        )
    sides = [tables, against] if against else [[tables[0]], [tables[1]]]
    called = [name.strip() for name in names.split(",")]
    if len(set(called)) != 2:
        raise InputError(f"--names {names!r} does not name the two, e.g. shaspec,maml")
    rules = [rules_beside(side) for side in sides]
    for name, side, rule in zip(called, sides, rules, strict=True):
        paths = ", ".join(map(str, side))
        console.print(escape(f"{name}: {paths}\n  rules: {rule}"), highlight=False)
    if len(set(rules)) > 1:
        console.print("[yellow]the rules differ, so the scores are not comparable[/]")
    first, second = ((name, read_rows(s)) for name, s in zip(called, sides, strict=True))
    if out is not None:
        check_folder(out, (*result_files(), *comparison_files()))
    print_scores(console, dict([first, second]), " / ".join(dict.fromkeys(rules)), out)
    print_comparison(console, first, second, out)
    if out is not None:
        console.print(f"wrote {escape(str(out / 'comparison.csv'))} and what goes with it")
