"""The choice of a model in panels that work with one at a time. Does not use Qt."""

from __future__ import annotations

from abc import ABC, abstractmethod
from pathlib import Path
from typing import TYPE_CHECKING, Any

from napari_shaspec.jobs.control import JobControl
from shaspec.errors import ShaspecError

if TYPE_CHECKING:
    from napari_shaspec.chosen_engine import ChosenEngine
    from shaspec.models.card import Card


class ModelChooser(ABC):
    """Reads the card of a model and lists it; what a panel does with it differs."""

    state: Any
    """Has ``status``, and the names of the listed ``models``."""
    _job: JobControl
    _engine: ChosenEngine

    def choose_model(self, model: str | Path) -> bool:
        """Takes a bundled model by name, or a model folder; False, with a message, if it fails."""
        model = str(model)
        if self.state.status.busy:
            return False
        try:
            card = self._engine.card(model)
            self._check(card)
        except ShaspecError as error:
            self._job.refuse(str(error))
            return False
        if model not in self.state.models:
            self.state.models = (*self.state.models, model)
        self._take_model(model, card)
        return True

    def _check(self, card: Card) -> None:
        """Raises `InputError` if the panel cannot use a model; the default takes every one."""
        del card

    @abstractmethod
    def _take_model(self, model: str, card: Card) -> None:
        """Works with this model from now on; it may be the same as before."""
