"""What the controllers of all panels have in common whose jobs are about a case. No Qt here.

A panel shows its work and calls the methods of its controller; the controller takes volumes from
layers, runs the engine, and hands results to `napari_shaspec.layers`.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Generic, TypeVar

from napari_shaspec import assignment, known_models
from napari_shaspec.assignment import Parts
from napari_shaspec.engine import Engine, LocalEngine
from napari_shaspec.job_control import JobControl
from napari_shaspec.jobs import Runner
from napari_shaspec.layers import show
from napari_shaspec.rows import Rows
from napari_shaspec.sessions import KeptSession
from napari_shaspec.work import ModelWork, PanelWork
from shaspec.errors import InputError, ShaspecError
from shaspec.inference.command import Result, command_of
from shaspec.task import Subset

if TYPE_CHECKING:
    from napari.components import ViewerModel
    from napari.layers import Image

W = TypeVar("W", bound=PanelWork)
M = TypeVar("M", bound=ModelWork)

NO_MODEL = "no model is bundled: open a model folder"


class CaseController(ABC, Generic[W]):
    """Rows, session and job of one panel. Only a controller and its `Rows` change ``work``.

    ``dims``: dims the layers of unticked modalities; one panel of a viewer can do that.
    """

    def __init__(
        self, viewer: ViewerModel, work: W, engine: Engine | None, run: Runner, *, dims: bool
    ) -> None:
        self.viewer = viewer
        self.work = work
        self._rows = Rows(viewer, work, dims=dims)
        self._engine = engine or LocalEngine()
        self._kept = KeptSession(self._engine)
        self._job = JobControl(work, run)
        self._closed = False
        show.prepare_view(viewer)
        self._unfollow = known_models.follow(self._on_known_models)

    def open(self, paths: Sequence[str | Path]) -> None:
        """Opens a case folder, or files that make up one, with this plugin's own reader."""
        try:
            show.open_paths(self.viewer, paths)
        except ShaspecError as error:
            self._job.refuse(str(error))

    def assign(self, modality: str, layer: Image | None) -> None:
        """Takes ``modality`` from ``layer``, or says with None that there is none."""
        if not self.work.status.busy and self.work.sources.get(modality) is not layer:
            self._rows.assign(modality, layer)
            self._hint()

    def cancel(self) -> None:
        """Ends the job at its next window; what it has computed by then is kept."""
        self._job.interrupt()

    def close(self) -> None:
        """Ends the job, frees the features and lets go of the viewer."""
        if self._closed:
            return
        self._closed = True
        self._unfollow()
        for name in self.work.events:
            self.work.events[name].disconnect()  # a view may be gone by now
        self._leave()
        self._rows.close()
        self.cancel()
        if not self.work.status.busy:
            self._kept.forget()

    def _copied(self, name: str, result: Result | None, none: str) -> str | None:
        """The command line that gives a result again; None, with a message, if nothing does."""
        try:
            if result is None:
                raise InputError(none)
            command = command_of(result)
        except ShaspecError as error:
            self._job.refuse(str(error))
            return None
        self._job.say(f"{name}: the command that gives this result again is copied")
        return command

    def _leave(self) -> None:
        """Lets go of what else this controller holds of the viewer."""

    @abstractmethod
    def _on_known_models(self) -> None:
        """A model that was trained meanwhile is offered too."""

    def _on_failed(self, error: Exception) -> None:
        if not self._closed:
            self._job.fail(error)

    def _hint(self, *_: object) -> None:
        """The next step, where it is not plain from the panel."""
        task = self.work.task
        if self.work.status.busy or task is None:
            return
        if any(layer is not None for layer in self.work.sources.values()):
            self._job.say("")
        else:
            self._job.say(
                f"Open a case, or drop its folder here: {task.title_names}, or what there is of "
                "them. A made-up one is in File > Open Sample > ShaSpec."
            )


class ModelController(CaseController[M]):
    """One model at a time."""

    def choose_model(self, model: str | Path) -> bool:
        """Takes a bundled model by name, or a model folder; False, with a message, if it cannot."""
        model = str(model)
        if self.work.status.busy:
            return False
        try:
            card = self._engine.card(model)
        except ShaspecError as error:
            self._job.refuse(str(error))
            return False
        if model not in self.work.models:
            self.work.models = (*self.work.models, model)
        self._kept.forget()
        self.work.card, self.work.model = card, model
        self._begin_anew()
        self._rows.set_task(card.task)
        self._hint()
        return True

    def _choose_first_model(self) -> None:
        self.work.models = tuple(self._engine.models())
        if self.work.models:
            self.choose_model(self.work.models[0])
        else:
            self._job.say(NO_MODEL, "warning")

    def _on_known_models(self) -> None:
        known, models = self.work.models, self._engine.models()
        self.work.models = (*known, *(model for model in models if model not in known))
        card, model = self.work.card, self.work.model
        if card is None or model not in models:
            return
        if self._engine.card(model).sha256 != card.sha256:  # trained on in the same folder
            self.choose_model(model)

    def _begin_anew(self, *_: object) -> None:
        """Results of another case or model are not these."""
        card = self.work.card
        self.work.seen = card.seen_name(self.work.case) if card is not None else ""

    def _case(self) -> tuple[Parts, Subset]:
        """The voxels and the ticked modalities for a job; raises `ShaspecError`."""
        card = self.work.card
        if card is None:
            raise InputError("there is no model: choose one, or open a model folder")
        parts = assignment.collect(self.work.sources, card.task)
        return parts, card.task.subset(self.work.present)
