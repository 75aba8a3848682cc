"""``shaspec models``: list the bundled models, or print the card of one model."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from shaspec.cli.common import escape


def models(
    model: Annotated[
        str, typer.Argument(help="Show the card of this one: a bundled name or a model folder.")
    ] = "",
) -> None:
    """List the bundled models, or show the card of one: data, licence, scores."""
    console = Console()
    if model:
        _show(console, model)
    else:
        _list(console)


def _list(console: Console) -> None:
    from shaspec.models.card import bundled_models, load_card
    from shaspec.models.summary import found_by, size_mb, toggles

    table = Table("name", "what", "finds", "toggles", "MB", "licence")
    for name in bundled_models():
        card = load_card(name)
        size = f"{size_mb(name):.0f}"
        cells = (card.title, ", ".join(found_by(card)), toggles(card), size)
        table.add_row(name, *map(escape, cells), escape(card.licence))
    console.print(table)


def _show(console: Console, model: str) -> None:
    from shaspec.models.card import load_card
    from shaspec.models.summary import card_lines, score_table, size_mb

    card = load_card(model)
    lines = Table.grid(padding=(0, 2))
    for heading, text in card_lines(card, size_mb(model)):
        lines.add_row(heading, escape(text))
    console.print(lines)
    scores = score_table(card)
    if scores is not None:
        table = Table(escape(scores.where), *map(escape, scores.columns), title="Scores")
        for name, values in scores.rows:
            cells = ("" if value is None else f"{value:.2f}" for value in values)
            table.add_row(escape(name), *cells)
        console.print(table)
