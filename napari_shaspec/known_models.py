"""Model folders of the user's own that all panels offer, kept in napari's preferences.

*Preferences > Plugins > ShaSpec > Models* shows them, separated as in PATH. Where napari has no
settings for the plugin (a script) nothing is kept, and only the bundled models are offered.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

from napari_shaspec.settings import section
from shaspec.errors import WeightsError


def folders() -> list[str]:
    """The folders whose card can be read, the newest last."""
    from shaspec.models.card import load_card

    readable = []
    for folder in _stored():
        try:
            load_card(folder)
        except WeightsError:  # moved away, or of another version: not offered, but kept
            continue
        readable.append(folder)
    return readable


def remember(folder: str | Path) -> None:
    """Offers ``folder`` in all panels from now on, those that are open too."""
    settings, path = section("models"), str(Path(folder).absolute())
    if settings is not None:
        others = [known for known in _stored() if known != path]
        # Emptied first: a folder that was trained in once more is news, though its name is not.
        settings.folders = os.pathsep.join(others)
        settings.folders = os.pathsep.join([*others, path])


def follow(changed: Callable[[], None]) -> Callable[[], None]:
    """Calls ``changed`` whenever the folders change; the result ends that."""
    settings = section("models")
    if settings is None:
        return lambda: None
    event = settings.events.folders

    def on_change(_: Any) -> None:
        changed()

    event.connect(on_change)
    return lambda: event.disconnect(on_change)


def _stored() -> list[str]:
    settings = section("models")
    return [f for f in settings.folders.split(os.pathsep) if f] if settings is not None else []
