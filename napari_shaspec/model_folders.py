"""Model folders of the user, listed in all panels and stored in napari's preferences.

*Preferences > Plugins > ShaSpec > Models* shows them, separated as in PATH. If napari has no
settings of the plugin (in a script), nothing is stored and only bundled models are listed.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

from napari_shaspec import settings
from napari_shaspec.settings import section
from shaspec.errors import WeightsError


def folders() -> list[str]:
    """The folders with a readable card, the newest last."""
    from shaspec.models.card import load_card

    readable = []
    for folder in stored():
        try:
            load_card(folder)
        except WeightsError:  # moved, or of another version: not listed, but kept
            continue
        readable.append(folder)
    return readable


def remember(folder: str | Path) -> None:
    """Adds ``folder`` to the lists of all panels, including open ones."""
    kept, path = section("models"), str(Path(folder).absolute())
    if kept is not None:
        others = [stored_path for stored_path in stored() if stored_path != path]
        # Removed first, so that a change is signalled if the folder was trained again.
        kept.folders = os.pathsep.join(others)
        kept.folders = os.pathsep.join([*others, path])


def follow(changed: Callable[[], None]) -> Callable[[], None]:
    """Calls ``changed`` whenever the folders change; call the result to disconnect."""
    return settings.follow("models", ("folders",), changed)


def forget(folder: str | Path) -> None:
    """Removes ``folder`` from the lists; its files are kept."""
    kept = section("models")
    if kept is not None:
        kept.folders = os.pathsep.join(
            stored_path for stored_path in stored() if stored_path != str(folder)
        )


def stored() -> list[str]:
    """All stored folders, including those whose card cannot be read."""
    kept = section("models")
    return [f for f in kept.folders.split(os.pathsep) if f] if kept is not None else []
