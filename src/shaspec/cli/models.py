"""``shaspec models``: what is bundled."""

from __future__ import annotations

from rich.console import Console
from rich.table import Table


def models() -> None:
    """List the bundled models."""
    from shaspec.models.card import bundled_models, load_card

    table = Table("name", "what", "toggles", "licence")
    for name in bundled_models():
        card = load_card(name)
        table.add_row(
            name, card.title, "instant" if card.instant_toggles else "full run", card.licence
        )
    Console().print(table)
