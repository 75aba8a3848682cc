"""Controller of the panel *Models*: lists, adds, imports and removes models, opens *Segment*.

Nothing is downloaded: models are folders on this computer.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from napari_shaspec import model_folders, run_times, settings
from napari_shaspec.jobs.control import JobControl
from napari_shaspec.jobs.runner import Runner, run_in_worker
from napari_shaspec.jobs.state import Status
from napari_shaspec.models.state import KnownModel, ModelsState
from napari_shaspec.models.worker import CheckpointImport, Imported, import_checkpoint
from shaspec.errors import ShaspecError
from shaspec.files.reading import exists, is_file
from shaspec.inference.events import Progress

if TYPE_CHECKING:
    pass


class ModelsController:
    """Runs the jobs of the panel; ``open_panel`` opens a panel of this plugin by name."""

    def __init__(self, open_panel: Callable[[str], Any], *, run: Runner = run_in_worker) -> None:
        self._open_panel = open_panel
        self._closed = False
        self.state = ModelsState()
        self._job = JobControl(self.state, run)
        self._refresh()
        self.choose(self.state.models[0].model if self.state.models else "")
        self._unfollow = settings.follow("models", ("folders", "seconds"), self._refresh)

    def choose(self, model: str) -> None:
        """Selects ``model`` and shows its card."""
        self.state.chosen = model

    def open(self, paths: Sequence[str | Path]) -> None:
        """Adds model folders: ``paths``, or the model folders in them."""
        try:
            folders = [folder for path in paths for folder in _model_folders(Path(path))]
        except ShaspecError as error:
            self._job.refuse(str(error))
            return
        for folder in folders:
            model_folders.remember(folder)
        self.choose(str(folders[-1]))
        self._job.say(f"Added {', '.join(folder.name for folder in folders)}.")

    def remove(self, model: str) -> None:
        """Removes a folder from the list, not its files. Bundled models cannot be removed."""
        if any(entry.model == model and entry.source == "bundled" for entry in self.state.models):
            self._job.refuse(f"{model} is bundled with the plugin and cannot be removed")
            return
        model_folders.forget(model)
        self.choose(self.state.models[0].model if self.state.models else "")
        self._job.say(f"Removed {Path(model).name} from the list. Its files are kept in {model}.")

    def use(self, model: str) -> None:
        """Opens the panel Segment with ``model``."""
        control = self._open_panel("Segment").controller
        if control.state.status.busy:
            self._job.refuse("the panel Segment is busy: wait for its job, or press Cancel there")
        elif control.choose_model(model):
            self._job.say(f"Selected {Path(model).name} in the panel Segment.")
        else:
            self._job.refuse(control.state.message.text)

    def import_checkpoint(self, checkpoint: CheckpointImport) -> None:
        """Starts a job that converts a checkpoint of the authors' code to a model folder."""
        if self.state.status.busy or self._closed:
            return
        if exists(checkpoint.out / "card.json"):
            self._job.refuse(f"{checkpoint.out} already contains a model: choose another folder")
            return
        self._job.start(
            "reading the checkpoint",
            lambda: import_checkpoint(checkpoint),
            self._on_event,
            self._on_ended,
        )

    def cancel(self) -> None:
        """Cancels the import."""
        self._job.interrupt()

    def close(self) -> None:
        """Cancels the import and disconnects from the settings."""
        if not self._closed:
            self._closed = True
            self._unfollow()
            for name in self.state.events:
                self.state.events[name].disconnect()  # the views may be deleted already
            self._job.close()

    # -- jobs --------------------------------------------------------------------------------------

    def _on_event(self, event: Progress | Imported) -> None:
        if isinstance(event, Progress):
            self._job.track(event)
            return
        model_folders.remember(event.folder)
        if not self._closed:
            self.choose(str(event.folder.absolute()))
            self._job.succeed("\n".join(event.lines))

    def _on_ended(self) -> None:
        if self._job.outcome is None:
            self._job.say("Cancelled.")
        self.state.status = self._job.outcome or Status.IDLE

    def _refresh(self) -> None:
        """Reads all model cards again; they are small."""
        from shaspec.models.card import bundled_models

        names = [*bundled_models(), *model_folders.stored()]
        self.state.models = tuple(_known(model) for model in names)


def _known(model: str) -> KnownModel:
    from shaspec.models.card import load_card
    from shaspec.models.summary import size_mb, source_of

    row = KnownModel(model, None, "", seconds=run_times.measured(model))
    try:
        card = load_card(model)
        return replace(row, card=card, source=source_of(model, card), megabytes=size_mb(model))
    except ShaspecError as error:
        return replace(row, problem=str(error))


def _model_folders(path: Path) -> list[Path]:
    """``path`` if it is a model folder or a card, else the model folders in it."""
    from shaspec.models.card import CARD_FILE, load_card, model_folder

    inside = sorted(card.parent for card in path.glob(f"*/{CARD_FILE}"))
    many = inside and not is_file(path / CARD_FILE)
    folders = inside if many else [model_folder(path)]
    for folder in folders:
        load_card(folder)
    return [folder.absolute() for folder in folders]
