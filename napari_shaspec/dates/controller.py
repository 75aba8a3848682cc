"""Controller of the panel *Two dates*. No Qt here: a `ViewerModel` is enough."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from napari_shaspec import model_folders
from napari_shaspec.case import assignment, other_task
from napari_shaspec.case.model_chooser import ModelChooser
from napari_shaspec.case.open_cases import OpenCases
from napari_shaspec.case.opening import open_paths
from napari_shaspec.case.volume_sources import VolumeSources
from napari_shaspec.chosen_engine import ChosenEngine, Hears
from napari_shaspec.dates.names import likely_dates, same_patient
from napari_shaspec.dates.state import DatesState, Measured
from napari_shaspec.dates.worker import Written, measure_job, report_job, save_job
from napari_shaspec.engine import Engine
from napari_shaspec.jobs import notifications
from napari_shaspec.jobs.control import JobControl
from napari_shaspec.jobs.runner import Runner, run_in_worker
from napari_shaspec.jobs.state import Status
from napari_shaspec.settings import inference_settings
from shaspec.errors import InputError, ShaspecError

if TYPE_CHECKING:
    from napari.components import ViewerModel

    from shaspec.models.card import Card

HINT = "Open two dates of one patient: drop the folder of each on napari or here."
TWO = (
    "The names {} and {} do not look like two dates of one patient. Measure the change between "
    "them? Only two dates of one patient give a meaningful result."
)


class DatesController(ModelChooser):
    """Chooses two open cases and a model, and measures the change of every region."""

    def __init__(
        self, viewer: ViewerModel, *, engine: Engine | None = None, run: Runner = run_in_worker
    ) -> None:
        self.viewer = viewer
        self.state = DatesState()
        self._job = JobControl(self.state, run)
        hears = Hears(self._list_models, self._job.say, lambda: self.state.status.busy)
        self._engine = ChosenEngine(engine, run, hears)
        self._cases = OpenCases(viewer)
        self._picked = False  # by the user, rather than offered
        self._closed = False
        self._unfollow = model_folders.follow(self._list_models)
        viewer.layers.events.inserted.connect(self._on_layer, position="last")
        viewer.layers.events.removed.connect(self._refresh, position="last")
        self._refresh()
        self._engine.ask()

    # -- choice ----------------------------------------------------------------------------------

    def _check(self, card: Card) -> None:
        """Raises `InputError` for a model that does not segment."""
        if card.task.kind != "segmentation":
            raise InputError(f"model {card.name!r} names a class: choose one that segments")

    def _take_model(self, model: str, card: Card) -> None:
        """Forgets the change that another model has measured."""
        if model != self.state.model or card != self.state.card:
            self.state.card, self.state.model = card, model
            self._forget()

    def choose(self, earlier: str, later: str) -> None:
        """Takes two open cases; the change between others is forgotten."""
        if not self.state.status.busy and (earlier, later) != (
            self.state.earlier,
            self.state.later,
        ):
            self._picked = True
            self._take(earlier, later)

    def swap(self) -> None:
        """Exchanges the two cases."""
        self.choose(self.state.later, self.state.earlier)

    def open(self, paths: Sequence[str | Path]) -> None:
        """Opens the folder or the files of a case."""
        self._job.forget_error()
        try:
            open_paths(self.viewer, paths)
        except ShaspecError as error:
            self._job.refuse(str(error))

    # -- jobs ------------------------------------------------------------------------------------

    def measure(self) -> None:
        """Starts segmenting both cases, or says what is missing."""
        earlier, later = self.state.earlier, self.state.later
        if self.state.status.busy or self._closed:
            return
        if not earlier or not later or earlier == later:
            self._job.say("Choose two different cases.", "warning")
            return
        try:
            card = self._card()
            dates = self._volumes(earlier, card), self._volumes(later, card)
        except ShaspecError as error:
            self._job.refuse(str(error))
            return
        if not same_patient(earlier, later) and not notifications.ask(TWO.format(earlier, later)):
            self._job.say(f"Not measured: {earlier} and {later} may be two patients.", "warning")
            return
        self._picked = True  # a case that is opened later does not replace them
        self._forget()
        engine, model = self._engine, self.state.model
        settings = replace(inference_settings(), keep_features=False)
        self._start("loading the model", lambda: measure_job(engine, model, dates, settings))

    def save(self, path: str | Path) -> None:
        """Starts writing the table as CSV."""
        measured = self.state.measured
        if measured is not None and not self.state.status.busy:
            self._start("writing the table", lambda: save_job(Path(path), measured))

    def report(self, path: str | Path) -> None:
        """Starts writing a report (``.html``, ``.pdf``) on the later date and the change."""
        measured, card = self.state.measured, self.state.card
        if measured is not None and not self.state.status.busy:
            self._start("writing the report", lambda: report_job(Path(path), measured, card))

    def cancel(self) -> None:
        """Ends the job after the current window."""
        self._job.interrupt()

    def close(self) -> None:
        """Ends the job and disconnects from the viewer."""
        if self._closed:
            return
        self._closed = True
        self._engine.close()
        self._unfollow()
        for name in self.state.events:
            self.state.events[name].disconnect()
        self.viewer.layers.events.inserted.disconnect(self._on_layer)
        self.viewer.layers.events.removed.disconnect(self._refresh)
        self._job.close()

    def _card(self) -> Card:
        if self.state.card is None:
            raise InputError("there is no model: choose one, or open a model folder")
        return self.state.card

    def _volumes(self, case: str, card: Card) -> VolumeSources:
        """The layers of one case alone: a layer without a case could become part of both dates."""
        layers = [la for la in self.viewer.layers if assignment.case_of(la) == case]
        sources = assignment.find_layers(layers, card.task, case)
        if not any(sources.values()):
            raise InputError(
                f"{case} has none of {card.task.title_names}, which model {card.name!r} segments: "
                "choose another model or case"
            )
        return assignment.collect(sources, card.task)

    def _start(self, doing: str, events: Callable[[], Iterator[Any]]) -> None:
        self._job.start(doing, events, self._on_event, self._on_ended, self._on_failed)

    def _on_event(self, event: Any) -> None:
        if self._closed:
            return
        if isinstance(event, Written):
            self._job.succeed(f"saved {event.path}")
        elif not isinstance(event, Measured):
            self._job.track(event)
        else:
            cases = (event.change.earlier_case.name, event.change.later_case.name)
            if cases != (self.state.earlier, self.state.later):
                self._job.fail(InputError("a case was closed meanwhile: choose two open cases"))
                return
            self.state.measured = event
            self._job.succeed(f"Measured the change from {cases[0]} to {cases[1]}.")

    def _on_failed(self, error: Exception) -> None:
        self._job.fail(error)
        self._engine.doubt(error)

    def _on_ended(self) -> None:
        if self._job.outcome is None and not self._closed:
            self._job.say("Cancelled.")
        self.state.status = self._job.outcome or Status.IDLE

    # -- what changes elsewhere ------------------------------------------------------------------

    def _list_models(self) -> None:
        """Lists the models; the chosen one, or else the first, is read again."""
        chosen, listed = self.state.model, self.state.models
        try:
            models = self._engine.models()
        except ShaspecError:  # of a server, which has not answered yet
            return
        if self._engine.moved():
            listed = (*models, *([chosen] if chosen and chosen not in models else []))
            if missing := self._engine.missing([chosen] if chosen else []):
                self._job.say(missing, "warning")
        self.state.models = (*listed, *(model for model in models if model not in listed))
        if chosen in models or (not chosen and models):
            self.choose_model(chosen or models[0])

    def _on_layer(self, event: Any) -> None:
        """Chooses a model of the task of a new case, as the other panels do."""
        task = self.state.card.task if self.state.card else None
        model = other_task.model_for(event.value, task, self.state.models, self._engine)
        if model:
            self.choose_model(model)
        self._refresh()

    def _refresh(self, *_: object) -> None:
        """Lists the open cases; offers two of them until the user has chosen."""
        cases = self._cases.names()
        self.state.cases = cases
        gone = not {self.state.earlier, self.state.later} <= {*cases}
        if gone or not self._picked:
            self._picked = False
            self._take(*likely_dates(cases))
        if len(cases) < 2 and not self.state.status.busy:
            self._job.say(HINT)
        elif self.state.message.text == HINT:
            self._job.say("")

    def _take(self, earlier: str, later: str) -> None:
        if (earlier, later) != (self.state.earlier, self.state.later):
            self.state.earlier, self.state.later = earlier, later
            self._forget()

    def _forget(self) -> None:
        self.state.measured = None
        card, cases = self.state.card, (self.state.earlier, self.state.later)
        seen = [card.seen_name(case) for case in cases] if card is not None else []
        self.state.seen = next(filter(None, seen), "")
