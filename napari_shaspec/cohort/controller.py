"""Controller of the panel *Many cases*. No Qt here: a `ViewerModel` is enough."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from napari_shaspec.case.open_cases import OpenCases
from napari_shaspec.case.opening import open_paths
from napari_shaspec.cohort import worker
from napari_shaspec.cohort.state import CohortState, Pictured, Row
from napari_shaspec.cohort.texts import summary, time_text
from napari_shaspec.cohort.thumbnails import pictures
from napari_shaspec.engine import Engine, LocalEngine
from napari_shaspec.jobs import notifications
from napari_shaspec.jobs.control import JobControl
from napari_shaspec.jobs.runner import Handlers, Runner, run_in_worker
from napari_shaspec.jobs.state import Status
from napari_shaspec.layers.metadata import of_kind, origin
from napari_shaspec.layers.results import add_result, go_to_result, is_edited
from napari_shaspec.settings import display_settings, inference_settings
from shaspec.cohort.review import Mark
from shaspec.errors import InputError, ShaspecError
from shaspec.inference.events import Progress
from shaspec.task import Task

if TYPE_CHECKING:
    from napari.components import ViewerModel

STEPS = 100
"""Steps of the progress bar per case."""
HINT = "Drop a folder of cases here, or choose it. Each case is segmented from what it has."


class CohortController:
    """Finds the cases of a folder, segments them, and opens them one by one for review."""

    def __init__(
        self, viewer: ViewerModel, *, engine: Engine | None = None, run: Runner = run_in_worker
    ) -> None:
        self.viewer = viewer
        self.state = CohortState()
        self._engine = engine or LocalEngine()
        self._run = run
        self._job = JobControl(self.state, run)
        self._closed = False
        self._task: Task | None = None
        self._begun = 0.0  # seconds, of the run
        self._skipped = 0  # cases of this run that were done before
        self._ended = 0
        self._draw_no_more = threading.Event()  # ends the pictures of the folder before
        self._layers = ""  # the name under which the reviewed case is in the viewer
        self.state.models = tuple(self._engine.models())
        self._job.say(HINT)
        if self.state.models:
            self.choose_model(self.state.models[0])

    # -- choices ---------------------------------------------------------------------------------

    def choose_model(self, model: str) -> None:
        """Takes a bundled model or a model folder; looks for cases again."""
        if self.state.status.busy:
            return
        try:
            card = self._engine.card(model)
            if card.task.kind != "segmentation":
                raise InputError(f"model {card.name!r} names a class: choose one that segments")
        except ShaspecError as error:
            self.state.events.model.emit(self.state.model, self.state.model)  # as it was
            self._job.refuse(str(error))
            return
        self._task = card.task
        self.state.regions = card.task.reported_regions
        self.state.model = model
        self._look()

    def open(self, paths: Sequence[str | Path]) -> None:
        """Takes a folder or list of cases; its results go beside it."""
        if self.state.status.busy or not paths:
            return
        if len(paths) > 1:
            self._job.refuse("give one folder of cases, or one list")
            return
        self.state.data = Path(paths[0])
        self.state.out = self.state.data.with_name(f"{self.state.data.stem}_segmented")
        self._look()

    def choose_out(self, folder: str | Path) -> None:
        """Writes the results into another folder; what is done there is done."""
        if not self.state.status.busy:
            self.state.out = Path(folder)
            self._look()

    def _look(self) -> None:
        data, out, task = self.state.data, self.state.out, self._task
        if data is None or out is None or task is None:
            return
        self._draw_no_more.set()
        self.state.rows, self.state.chosen, self.state.pictures = (), "", {}
        self._start("looking for cases", lambda: worker.look_job(data, task, out))

    # -- the run ---------------------------------------------------------------------------------

    def segment(self) -> None:
        """Segments what is not done yet."""
        from shaspec.cohort.settings import Settings

        data, out, task = self.state.data, self.state.out, self._task
        if self.state.status.busy or self._closed:
            return
        if data is None or out is None or task is None or not self.state.rows:
            self._job.say(HINT, "warning")
            return
        chosen = inference_settings()
        try:
            settings = Settings(
                self.state.model, device=chosen.device, window=chosen.voxels, overlap=chosen.overlap
            )
        except ShaspecError as error:
            self._job.refuse(str(error))
            return
        rows = self.state.rows
        self._begun, self._skipped, self._ended = time.monotonic(), 0, 0
        self._start("loading the model", lambda: worker.segment_job(rows, settings, out, task))

    def cancel(self) -> None:
        """Ends the run after the current window; the next one continues from there."""
        self._job.interrupt()

    # -- review ----------------------------------------------------------------------------------

    def review(self, case: str) -> None:
        """Opens a case with its result, also during the run; closes the one before."""
        row = next((row for row in self.state.rows if row.name == case), None)
        out, task = self.state.out, self._task
        if row is None or out is None or task is None or self._closed:
            return
        self.state.chosen = case
        if row.status == "failed":
            self._job.say(f"{case}: {row.said}", "warning")
        elif row.record is None:
            self._say(f"{case} is not segmented yet.")
        else:
            self._aside(lambda: worker.open_job(row, out, task), self._on_opened)

    def mark(self, mark: Mark) -> None:
        """Accepts or rejects the result that is open, or removes its mark."""
        row, out = self.state.chosen_row, self.state.out
        if row is not None and row.record is not None and out is not None:
            self._aside(lambda: worker.mark_job(row, mark, out), self._on_marked)

    def _draw(self, rows: Sequence[Row]) -> None:
        """Makes the pictures of the results that are there, beside other jobs."""
        out, task = self.state.out, self._task
        done = [row for row in rows if row.record is not None]
        if done and out is not None and task is not None:
            stop = self._draw_no_more = threading.Event()
            handlers: Handlers[Pictured | None] = Handlers(
                lambda event: None if stop.is_set() else self._show_picture(event),
                self._job.show_error,
                lambda: None,
            )
            self._run(lambda: pictures(done, out, task), handlers, stop)

    def _show_picture(self, event: Pictured | None) -> None:
        if event is not None and not self._closed:
            self.state.pictures = {**self.state.pictures, event.case: event}

    def _aside(self, events: Callable[[], Iterator[Any]], on_event: Callable[[Any], None]) -> None:
        """Runs a short job beside the run."""
        handlers = Handlers(on_event, self._job.show_error, lambda: None)
        self._run(events, handlers, threading.Event())

    def _on_opened(self, event: Any) -> None:
        if self._closed or not isinstance(event, worker.Opened):
            return
        if event.row.name != self.state.chosen:  # another one was clicked meanwhile
            return
        try:
            self._close_reviewed()
            before = set(map(id, self.viewer.layers))
            open_paths(self.viewer, list(dict.fromkeys(event.row.files.volumes.values())))
        except ShaspecError as error:
            self._job.show_error(error)
            return
        new = [layer for layer in self.viewer.layers if id(layer) not in before]
        self._layers = next((c for la in new if (c := origin(la).get("case"))), event.row.name)
        OpenCases(self.viewer).show(self._layers)
        result = replace(event.prediction, case=self._layers)
        layer = add_result(self.viewer, result, display_settings().overlay_opacity, event.drawn)
        go_to_result(self.viewer, layer)
        self._say(f"{event.row.name} is open: accept or reject its result.")

    def _close_reviewed(self) -> None:
        """Closes the case that was reviewed before, unless its result was edited."""
        name, self._layers = self._layers, ""
        cases = OpenCases(self.viewer)
        results = [la for la in of_kind(self.viewer, "result") if origin(la).get("case") == name]
        if name and any(is_edited(layer) for layer in results):
            notifications.info(
                f"The result of {name} was edited: its layers stay, hidden. Save it in the panel "
                "Segment."
            )
        elif name:
            cases.close(name)

    def _on_marked(self, event: Any) -> None:
        if isinstance(event, worker.Marked) and not self._closed:
            self._put(event.case, lambda row: replace(row, mark=event.mark))
            self._say(f"{event.case}: {event.mark or 'no mark'}. Marks are kept in review.csv.")

    # -- jobs ------------------------------------------------------------------------------------

    def close(self) -> None:
        """Ends the run; what is done is on the disk."""
        if not self._closed:
            self._closed = True
            self._draw_no_more.set()
            for name in self.state.events:
                self.state.events[name].disconnect()
            self._job.close()

    def _start(self, doing: str, events: Callable[[], Iterator[Any]]) -> None:
        self._job.start(doing, events, self._on_event, self._on_ended)

    def _on_event(self, event: Any) -> None:
        from shaspec.cohort.run import Working

        if self._closed:
            return
        if isinstance(event, worker.Looked):
            self.state.rows = event.rows
            self._job.succeed(summary(event.rows))
            self._draw(event.rows)
        elif isinstance(event, Pictured):
            self._show_picture(event)
        elif isinstance(event, worker.Updated):
            self._ended += 1
            self._skipped += event.repeats(self._row(event.row.name))
            self._put(event.row.name, lambda _: event.row)
        elif isinstance(event, worker.Repeats):
            self.state.rows = tuple(map(event.of, self.state.rows))
        elif isinstance(event, Working):
            self._put(
                event.case,
                lambda row: replace(row, status="running") if row.record is None else row,
            )
            self._job.track(self._overall(event))
        else:
            self._job.track(event)

    def _overall(self, event: Any) -> Progress:
        """Progress over all cases, with the time that is left."""
        total, inner = len(self.state.rows), event.progress
        share = inner.done / inner.total if inner.total else 0.0
        done = self._ended - self._skipped + share
        left = ""
        if done > 0.2:
            seconds = (time.monotonic() - self._begun) / done
            left = f" · {time_text(seconds * (total - self._ended - share))} left"
        self._job.say(f"{event.case}: {inner.stage}")  # the bar is too narrow for it
        stage = f"{event.number + 1} of {total}{left}"
        return Progress(int(STEPS * (event.number + share)), STEPS * total, stage)

    def _on_ended(self) -> None:
        if self._closed:
            return
        for row in self.state.rows:
            if row.status == "running":
                self._put(row.name, lambda row: replace(row, status="waiting"))
        outcome, text = self._job.outcome, summary(self.state.rows)
        if outcome is None and self.state.status is Status.CANCELLING:
            self._job.say(f"Cancelled. {text} Segment all continues from here.")
        elif outcome is None:
            written = f"Label maps and {worker.SIZES} are in {self.state.out}."
            self._job.succeed(f"{text} {written}")
            outcome = self._job.outcome
        self.state.status = outcome or Status.IDLE

    def _row(self, case: str) -> Row | None:
        return next((row for row in self.state.rows if row.name == case), None)

    def _put(self, case: str, change: Callable[[Row], Row]) -> None:
        rows = tuple(change(row) if row.name == case else row for row in self.state.rows)
        if rows != self.state.rows:
            self.state.rows = rows

    def _say(self, text: str) -> None:
        if not self.state.status.busy:
            self._job.say(text)
