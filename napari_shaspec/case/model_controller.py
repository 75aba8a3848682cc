"""Base class of the controllers of panels with one model. Does not use Qt."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from napari_shaspec.case import assignment, other_task
from napari_shaspec.case.controller import CaseController
from napari_shaspec.case.model_chooser import ModelChooser
from napari_shaspec.case.state import ModelState
from napari_shaspec.case.volume_sources import VolumeSources
from napari_shaspec.engine import Engine
from napari_shaspec.jobs import notifications
from napari_shaspec.jobs.runner import Runner
from napari_shaspec.layers.metadata import origin
from shaspec.errors import ShaspecError
from shaspec.task import Subset

if TYPE_CHECKING:
    from napari.components import ViewerModel
    from napari.layers import Layer

    from shaspec.models.card import Card

M = TypeVar("M", bound=ModelState)

NO_MODEL = "no model is bundled: open a model folder"


class ModelController(CaseController[M], ModelChooser):
    """One model at a time; a case of another task gets a model of its task, if one is listed."""

    def __init__(
        self, viewer: ViewerModel, state: M, engine: Engine | None, run: Runner, *, dims: bool
    ) -> None:
        super().__init__(viewer, state, engine, run, dims=dims)
        viewer.layers.events.inserted.connect(self._on_layer, position="last")

    def close(self) -> None:
        """Ends the job, frees the features and disconnects from the viewer."""
        self.viewer.layers.events.inserted.disconnect(self._on_layer)
        super().close()

    def _on_layer(self, event: Any) -> None:
        self._fit_model(event.value)

    def _fit_model(self, *layers: Layer) -> None:
        """Chooses a model for the first layer of another task than that of the chosen model."""
        for layer in layers:
            model = other_task.model_for(layer, self.state.task, self.state.models, self._engine)
            if model and self.choose_model(model):
                of_case = {"case": assignment.case_of(layer), "task": origin(layer).get("task")}
                # A message in the panel would be gone with the next layer of the case.
                notifications.info(other_task.CHOSEN.format(**of_case, model=Path(model).name))
                return

    def _take_model(self, model: str, card: Card) -> None:
        """Begins anew with a model."""
        self._kept.forget()
        self.state.card, self.state.model = card, model
        self._begin_anew()
        self._rows.set_task(card.task)
        self._hint()

    def _on_known_models(self) -> None:
        """Lists the models; without one, that of the open case or the first. What is open stays."""
        card, model = self.state.card, self.state.model
        try:
            models = self._engine.models()
        except ShaspecError:  # of a server, which has not answered yet
            return
        moved, listed = self._engine.moved(), self.state.models
        if moved:
            listed = (*models, *([model] if card is not None and model not in models else []))
        self.state.models = (*listed, *(name for name in models if name not in listed))
        if card is None:
            if models:
                self.choose_model(models[0])
                if not any(self.state.sources.values()):  # the case was opened before the panel
                    self._fit_model(*reversed(self.viewer.layers))
            else:
                self._job.say(NO_MODEL, "warning")
        elif model in models and self._engine.card(model).sha256 != card.sha256:
            self.choose_model(model)  # training continued in the same folder
        elif moved and (missing := self._engine.missing([model])):
            self._job.say(missing, "warning")

    def _begin_anew(self, *_: object) -> None:
        """Clears results of another case or model."""
        card = self.state.card
        self.state.seen = card.seen_name(self.state.case) if card is not None else ""

    def _case(self) -> tuple[VolumeSources, Subset]:
        """Collects the voxels and the ticked modalities for a job; raises `ShaspecError`."""
        card = self.state.card_in_use
        rows, task = self.state.sources, card.task
        spare = assignment.spare_layers(self.viewer.layers, rows, task, self.state.case)
        sources = assignment.collect(rows, task, self.state.present, notices=spare)
        return sources, task.subset(self.state.present)
