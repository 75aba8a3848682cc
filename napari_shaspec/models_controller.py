"""What the panel *Models* can do: list, add, import, remove, and hand a model to *Segment*.

Nothing is ever downloaded: models are folders and files on this computer.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from psygnal import SignalGroupDescriptor

from napari_shaspec import known_models, settings, timings
from napari_shaspec.job_control import JobControl
from napari_shaspec.jobs import Runner, run_in_worker
from napari_shaspec.timings import NOT_MEASURED, Seconds
from napari_shaspec.work import JobWork, Status
from shaspec.errors import InputError, ShaspecError
from shaspec.inference.events import Progress

if TYPE_CHECKING:
    from shaspec.models.card import Card


@dataclass(frozen=True)
class KnownModel:
    """A row of the list."""

    model: str
    """A bundled name, or a folder."""
    card: Card | None
    source: str
    """``bundled``, ``imported``, ``trained``; empty where there is no card."""
    megabytes: float = 0.0
    seconds: Seconds = NOT_MEASURED
    problem: str = ""
    """Why there is no card."""

    @property
    def name(self) -> str:
        """The last part of a folder."""
        return Path(self.model).name


@dataclass(eq=False)
class ModelsWork(JobWork):
    """Everything that the panel *Models* shows."""

    events: ClassVar[SignalGroupDescriptor] = SignalGroupDescriptor()

    models: tuple[KnownModel, ...] = ()
    chosen: str = ""
    """The model whose card is read."""

    @property
    def shown(self) -> KnownModel | None:
        """The row that is chosen."""
        return next((known for known in self.models if known.model == self.chosen), None)


@dataclass(frozen=True)
class Checkpoint:
    """Weights of the authors' code, and what is to become of them."""

    file: Path
    out: Path
    method: str = "shaspec"
    task: str = "brats"
    modalities: str = ""
    """Order of the input channels, e.g. ``T1+T1ce+T2+FLAIR``; empty: that of the task."""
    labels: str = ""
    """Labels of the output classes, e.g. ``2,1,4``; empty: those of the task."""


@dataclass(frozen=True)
class Imported:
    """The event of a job that has made a model folder."""

    folder: Path
    lines: tuple[str, ...]


class ModelsController:
    """``open_panel`` opens a panel of this plugin by its name."""

    def __init__(self, open_panel: Callable[[str], Any], *, run: Runner = run_in_worker) -> None:
        self._open_panel = open_panel
        self._closed = False
        self.work = ModelsWork()
        self._job = JobControl(self.work, run)
        self._refresh()
        self.choose(self.work.models[0].model if self.work.models else "")
        self._unfollow = settings.follow("models", ("folders", "seconds"), self._refresh)

    def choose(self, model: str) -> None:
        """Shows the card of ``model``."""
        self.work.chosen = model

    def open(self, paths: Sequence[str | Path]) -> None:
        """Adds model folders: the ones given, or those that lie in them."""
        try:
            found = [folder for path in paths for folder in _model_folders(Path(path))]
        except ShaspecError as error:
            self._job.refuse(str(error))
            return
        for folder in found:
            known_models.remember(folder)
        self.choose(str(found[-1]))
        self._job.say(f"added {', '.join(folder.name for folder in found)}")

    def remove(self, model: str) -> None:
        """Takes a folder off the list; its files stay. A bundled model stays on it."""
        if any(known.model == model and known.source == "bundled" for known in self.work.models):
            self._job.refuse(f"{model} came with the program and stays on the list")
            return
        known_models.forget(model)
        self.choose(self.work.models[0].model if self.work.models else "")
        self._job.say(f"{Path(model).name} is off the list; its files are where they were")

    def use(self, model: str) -> None:
        """Opens the panel Segment with ``model``."""
        control = self._open_panel("Segment").controller
        if control.work.status.busy:
            self._job.refuse("the panel Segment is at work: wait for it, or press Cancel there")
        elif control.choose_model(model):
            self._job.say(f"the panel Segment has {Path(model).name} now")
        else:
            self._job.refuse(control.work.message.text)

    def bring(self, checkpoint: Checkpoint) -> None:
        """Starts a job that makes a model folder of weights of the authors' code."""
        if self.work.status.busy or self._closed:
            return
        if (checkpoint.out / "card.json").exists():
            self._job.refuse(f"there is a model in {checkpoint.out}: name another folder")
            return
        self._job.start(
            lambda: _import(checkpoint), self._on_event, self._on_failed, self._on_ended
        )

    def cancel(self) -> None:
        """Ends the import."""
        self._job.interrupt()

    def close(self) -> None:
        """Ends the import, and follows the settings no more."""
        if not self._closed:
            self._closed = True
            self._unfollow()
            for name in self.work.events:
                self.work.events[name].disconnect()  # a view may be gone by now
            self.cancel()

    # -- jobs --------------------------------------------------------------------------------------

    def _on_event(self, event: Progress | Imported) -> None:
        if isinstance(event, Progress):
            self._job.track(event)
            return
        known_models.remember(event.folder)
        if not self._closed:
            self.choose(str(event.folder.absolute()))
            self._job.succeed("\n".join(event.lines))

    def _on_failed(self, error: Exception) -> None:
        if not self._closed:
            self._job.fail(error)

    def _on_ended(self) -> None:
        if self._job.outcome is None:
            self._job.say("cancelled")
        self.work.status = self._job.outcome or Status.IDLE

    def _refresh(self) -> None:
        """Reads all cards anew; they are small."""
        from shaspec.models.card import bundled_models

        names = [*bundled_models(), *known_models.stored()]
        self.work.models = tuple(_known(model) for model in names)


def _known(model: str) -> KnownModel:
    from shaspec.models.card import load_card
    from shaspec.models.summary import size_mb, source_of

    row = KnownModel(model, None, "", seconds=timings.measured(model))
    try:
        card = load_card(model)
        return replace(row, card=card, source=source_of(model, card), megabytes=size_mb(model))
    except ShaspecError as error:
        return replace(row, problem=str(error))


def _model_folders(path: Path) -> list[Path]:
    """``path`` if it is a model folder (or the card in one), else the model folders in it."""
    from shaspec.models.card import CARD_FILE, load_card, model_folder

    inside = sorted(card.parent for card in path.glob(f"*/{CARD_FILE}"))
    many = inside and not (path / CARD_FILE).is_file()
    folders = inside if many else [model_folder(path)]
    for folder in folders:
        load_card(folder)
    return [folder.absolute() for folder in folders]


def _import(what: Checkpoint) -> Iterator[Progress | Imported]:
    """Reads, converts and writes: slow, to be run in a worker."""
    yield Progress(0, 0, "reading the checkpoint")
    from shaspec.models.import_official import import_official
    from shaspec.task import load_task

    try:
        labels = [int(part) for part in what.labels.split(",") if part.strip()]
    except ValueError:
        raise InputError(f"labels {what.labels!r}: give whole numbers such as 2,1,4") from None
    order = [name.strip() for name in what.modalities.split("+") if name.strip()]
    task = load_task(what.task).reordered(order, labels)
    card, report = import_official(what.file, what.method, task, what.out)
    wrote = f"wrote {card.parameters:,} parameters and a card to {what.out}"
    yield Imported(what.out, (*report.lines(), wrote))
