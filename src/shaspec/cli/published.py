"""``shaspec published``: result tables from the literature, with their protocols."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.console import Console

from shaspec.cli.results import print_published, print_published_list


def published(
    names: Annotated[
        list[str] | None, typer.Argument(help="Tables to print; none: list them all.")
    ] = None,
) -> None:
    """Print tables of published results. Compare only results of one protocol."""
    from shaspec.evaluation.published import all_published, load_published

    console = Console()
    if not names:
        print_published_list(console, all_published())
    for name in names or []:
        print_published(console, load_published(name))
