"""The models of a server: names that clients see, and the networks that are loaded."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from shaspec.errors import InputError
from shaspec.models.card import Card, bundled_models, load_card
from shaspec.server.refusals import RefusedError

if TYPE_CHECKING:
    from shaspec.models.weights import Model

MOST_LOADED = 2
"""Networks in memory; the one that was not used for the longest time gives way."""


class Shelf:
    """The bundled models and those of folders; clients name them, and never give a path.

    Args:
        folders: model folders; the name of each is that on its card.
        bundled: whether the bundled models are offered.

    Raises:
        InputError: if two models have the same name, or there is none.
        WeightsError: for a folder without a model.
    """

    def __init__(self, folders: Sequence[Path] = (), *, bundled: bool = True) -> None:
        self._places: dict[str, str] = {n: n for n in (bundled_models() if bundled else [])}
        for folder in folders:
            name = load_card(folder).name
            if name in self._places:
                raise InputError(
                    f"{folder}: there is another model with the name {name!r}: change the name in "
                    "its card.json"
                )
            self._places[name] = str(folder)
        if not self._places:
            raise InputError("no model to serve: give a model folder with --model")
        self._loaded: dict[str, tuple[str, Model]] = {}  # name -> sha256 and network; newest last

    def cards(self) -> dict[str, Card]:
        """Name -> card, as it is on the disk now."""
        return {name: load_card(place) for name, place in self._places.items()}

    def card(self, name: str) -> Card:
        """The card of a model; raises `RefusedError` for an unknown name."""
        if name not in self._places:
            raise RefusedError(
                404, f"this server has no model {name!r}, but {', '.join(self._places)}"
            )
        return load_card(self._places[name])

    def model(self, name: str) -> Model:
        """The network; it is loaded if necessary, or if its weights have changed. Slow."""
        from shaspec.models.weights import load_model

        sha256 = self.card(name).sha256
        loaded = self._loaded.pop(name, None)
        if loaded is None or loaded[0] != sha256:
            loaded = None  # frees the old network first
            while len(self._loaded) >= MOST_LOADED:
                self.forget(next(iter(self._loaded)))
            loaded = sha256, load_model(self._places[name])
        self._loaded[name] = loaded
        return loaded[1]

    def forget(self, name: str) -> None:
        """Free a network."""
        self._loaded.pop(name, None)
