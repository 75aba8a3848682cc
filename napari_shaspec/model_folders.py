"""Model folders of the user's own that all panels offer, kept in napari's preferences.

*Preferences > Plugins > ShaSpec > Models* shows them, separated as in PATH. Where napari has no
settings for the plugin (a script) nothing is kept, and only the bundled models are offered.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

from napari_shaspec import settings
from napari_shaspec.settings import section
from shaspec.errors import WeightsError


def folders() -> list[str]:
    """The folders whose card can be read, the newest last."""
    from shaspec.models.card import load_card

    readable = []
    for folder in stored():
        try:
            load_card(folder)
        except WeightsError:  # moved away, or of another version: not offered, but kept
            continue
        readable.append(folder)
    return readable


def remember(folder: str | Path) -> None:
    """Offers ``folder`` in all panels from now on, those that are open too."""
    kept, path = section("models"), str(Path(folder).absolute())
    if kept is not None:
        others = [known for known in stored() if known != path]
        # Emptied first: a folder that was trained in once more is news, though its name is not.
        kept.folders = os.pathsep.join(others)
        kept.folders = os.pathsep.join([*others, path])


def follow(changed: Callable[[], None]) -> Callable[[], None]:
    """Calls ``changed`` whenever the folders change; the result ends that."""
    return settings.follow("models", ("folders",), changed)


def forget(folder: str | Path) -> None:
    """Offers ``folder`` no more; its files stay."""
    kept = section("models")
    if kept is not None:
        kept.folders = os.pathsep.join(known for known in stored() if known != str(folder))


def stored() -> list[str]:
    """All folders that are kept, those whose card cannot be read too."""
    kept = section("models")
    return [f for f in kept.folders.split(os.pathsep) if f] if kept is not None else []
