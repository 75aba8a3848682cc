"""Colours of napari's current theme, for widgets that its style sheet does not cover."""

from __future__ import annotations

from collections.abc import Callable

from qtpy.QtWidgets import QWidget

from napari_shaspec.widgets.event_watch import EventWatch


def colour(role: str) -> str:
    """Colour ``#rrggbb`` of a theme role, e.g. ``current``, ``warning``, ``error``, ``text``."""
    from napari.settings import get_settings
    from napari.utils.theme import get_theme

    theme = get_theme(get_settings().appearance.theme)
    return str(getattr(theme, role).as_hex("long"))


def readable_on(background: str) -> str:
    """Black or white, whichever is easier to read on ``#rrggbb``."""
    red, green, blue = (int(background[i : i + 2], 16) for i in (1, 3, 5))
    return "#000000" if 0.299 * red + 0.587 * green + 0.114 * blue > 140 else "#ffffff"


def follow(widget: QWidget, restyle: Callable[[], None]) -> None:
    """Calls ``restyle`` now and whenever the theme changes, as long as ``widget`` lives."""
    from napari.settings import get_settings

    EventWatch(widget, [get_settings().appearance.events.theme], restyle)
    restyle()
