"""Controller of the panel *Segment*. No Qt here: a `ViewerModel` is enough."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from napari_shaspec import run_times
from napari_shaspec.case import assignment
from napari_shaspec.case.controller import ModelController
from napari_shaspec.case.state import verb
from napari_shaspec.case.volume_sources import VolumeSources
from napari_shaspec.engine import Engine
from napari_shaspec.jobs.runner import Runner, run_in_worker
from napari_shaspec.jobs.state import Status
from napari_shaspec.layers.presence import name_missing
from napari_shaspec.layers.views import View, ViewManager, why_not
from napari_shaspec.segment.edits import EditWatch
from napari_shaspec.segment.results import Results, how
from napari_shaspec.segment.shortcuts import Keys, actions_of
from napari_shaspec.segment.state import SegmentState
from napari_shaspec.segment.worker import Written, report_job
from napari_shaspec.settings import inference_settings
from shaspec.errors import ShaspecError
from shaspec.inference.events import Event, Finished
from shaspec.prediction import Classification, Prediction
from shaspec.task import Subset

if TYPE_CHECKING:
    from napari.components import ViewerModel


class SegmentController(ModelController[SegmentState]):
    """Everything the panel can do."""

    def __init__(
        self, viewer: ViewerModel, *, engine: Engine | None = None, run: Runner = run_in_worker
    ) -> None:
        state = SegmentState(auto_update=inference_settings().update_when_toggled)
        super().__init__(viewer, state, engine, run, dims=True)
        self._views = ViewManager(viewer)
        self._results = Results(viewer, self.state)
        self._running: Subset = ()
        self._again = False  # a toggle during a job: segment again when it has ended
        self._before = ""  # subset of the result shown before the current one
        self.actions = actions_of(self)
        self._keys = Keys(viewer, self.actions)
        viewer.layers.events.removed.connect(self._on_removed, position="last")
        self.state.events.case.connect(self._begin_anew)
        self.state.events.sources.connect(self._on_sources)
        self.state.events.present.connect(self._hint)
        self.state.events.shown.connect(self._on_shown)
        self._edits = EditWatch(viewer, self._on_edited)
        for field in ("sources", "present", "shown", "results"):
            self.state.events[field].connect(self.show_caption, max_args=0)
        self._choose_first_model()

    def tick(self, modality: str, present: bool) -> None:
        """Includes ``modality`` or leaves it out; segments again at once if features are kept."""
        if self._rows.tick(modality, present):
            self._toggled()

    def update_when_toggled(self, on: bool) -> None:
        """Sets whether a toggle segments again at once if features are kept."""
        self.state.auto_update = on
        self._hint()

    def show_result(self, subset: str) -> None:
        """Shows the result of ``subset`` (joined by ``+``) and hides the others."""
        if subset in self._results.named():
            self.state.shown = subset
            self._views.show(self._shown())

    def compare(self) -> None:
        """Switches between the shown result and the one shown before."""
        other = self._results.other_than_shown(self._before)
        if other is None:
            self._job.say(
                "Nothing to compare yet: segment from two different subsets first.", "warning"
            )
        else:
            self.show_result(other)

    def undo(self) -> None:
        """Restores the result before the last run, with its edits; called again, redoes the run."""
        if self.state.status.busy:
            return
        try:
            said = self._results.undo()
        except ShaspecError as error:
            self._job.say(str(error), "warning")
            return
        self._views.show(self._shown())
        self._job.say(said)

    def set_view(self, view: View) -> None:
        """Sets the view: stacked layers, a pane per modality, or 3D."""
        problem = why_not(view, self.state.task)
        if problem:
            self._job.refuse(problem)
            return
        self._views.set_view(view, self.state.sources, self._shown())
        self.state.view = view

    def save(self, path: str | Path, subset: str = "") -> Path | None:
        """Writes a result (default: the shown one). NIfTI on the grid of its input, or class
        probabilities as CSV; with the ending .csv, the sizes from all subsets. None on failure."""
        try:
            written = self._results.save(Path(path), subset or self.state.shown)
        except ShaspecError as error:
            self._job.refuse(str(error))
            return None
        self._job.say(f"saved {written}")
        return written

    def command(self, subset: str = "") -> str | None:
        """The command line that reproduces a result (default: the shown one); None without one."""
        chosen = subset or self.state.shown
        none = "no result yet: press Segment first"
        command = self._copied(chosen, self._results.named().get(chosen), none)
        if command is not None and chosen in self.state.edited:
            self._job.say("Command copied. It repeats the run, but not your edits.", "warning")
        return command

    def report(self, path: str | Path) -> None:
        """Starts a job that writes a report (``.html``, ``.pdf``) on all results, with edits."""
        task, results = self.state.task, self._results.as_they_are()
        if self.state.status.busy or self._closed or task is None:
            return
        try:
            if not results:
                raise ShaspecError("no result to report on yet: press Segment first")
            parts = assignment.collect(self.state.sources, task, self.state.present)
        except ShaspecError as error:
            self._job.refuse(str(error))
            return
        self._running, self._again = (), False
        self._start_job(
            "writing the report",
            lambda: report_job(Path(path), parts, results),
            self._on_event,
        )

    # -- jobs ------------------------------------------------------------------------------------

    def segment(self) -> None:
        """Starts a job for the ticked modalities, or reports what is missing."""
        if self.state.status.busy or self._closed:
            return
        try:
            sources, subset = self._case()
        except ShaspecError as error:
            self._job.refuse(str(error))
            return
        self._run(sources, subset)

    def _run(self, sources: VolumeSources, subset: Subset) -> None:
        """Starts the job for ``subset`` of ``sources``."""
        self._forget_outdated()
        model = self.state.model
        self._running, self._again = subset, False
        self._start_job(
            "segmenting",
            lambda: self._kept.job(model, sources, lambda session: session.predict(subset)),
            self._on_event,
        )

    def cancel(self) -> None:
        """Ends the job after the current window; features computed so far are kept."""
        self._again = False
        super().cancel()

    def _leave(self) -> None:
        """Stops watching the layers, which stay as they are."""
        self.viewer.layers.events.removed.disconnect(self._on_removed)
        self.set_view(View.STACK)
        self._keys.close()
        self._edits.close()
        name_missing(self.viewer, [])

    def _on_event(self, event: Event | Finished[Classification] | Written) -> None:
        if self._again:  # after a toggle this job's result is out of date
            return
        if isinstance(event, Finished):
            self._take(event.prediction)
        elif isinstance(event, Written):
            self._job.succeed(f"saved {event.path}")
        else:
            self.state.seen = "by content" if self._kept.seen_in_training else self.state.seen
            self._job.track(event)

    def _take(self, result: Prediction | Classification) -> None:
        """Shows a result and replaces an earlier one of the same subset."""
        run_times.remember(self.state.model, result, first=not self.state.results)
        found = result.sentence if isinstance(result, Classification) else "done"
        kept = self._results.take(result)
        painted = f"\nYour edits are kept in layer {kept.name!r}." if kept else ""
        self._views.show(self._shown())
        self._job.succeed(f"{self.state.shown}: {found}{how(result)}{painted}")

    def _on_failed(self, error: Exception) -> None:
        self._again = False
        super()._on_failed(error)

    def _on_ended(self) -> None:
        """The worker has finished; another job can start."""
        outcome = self._job.outcome
        if self._closed or (outcome is Status.FAILED and self._running):
            self._kept.forget()
        if outcome is None:
            self._job.say("Cancelled. Features computed so far are kept.")
            outcome = Status.DONE if self.state.results else Status.IDLE
        self.state.status = outcome
        again, self._again = self._again, False
        if again and self.state.present:
            self.segment()

    # -- toggles and sessions ----------------------------------------------------------------------

    def _toggled(self) -> None:
        """After a toggle: the last one counts, and only fast jobs start automatically."""
        card, present = self.state.card, self.state.present
        if card is None or not (present and card.instant_toggles and self.state.auto_update):
            self._hint()
        elif self.state.status.busy:
            # A cancelled job yields no result, even if its subset is ticked again.
            self._again = self._again or card.task.subset(present) != self._running
            if self._again:
                self._job.interrupt()
        else:
            self._run_if_kept()

    def _run_if_kept(self) -> None:
        """Starts a job if the ticked subset can be decoded from kept features."""
        try:
            sources, subset = self._case()
        except ShaspecError:
            self._hint()
            return
        if self._kept.answers_at_once(self.state.model, sources, subset):
            self._run(sources, subset)
        else:
            self._hint()

    def _begin_anew(self, *_: object) -> None:
        """Clears the results after a change of case or model, and shows stacked layers."""
        super()._begin_anew()
        if self.state.view is not View.STACK:
            self.set_view(View.STACK)
        card = self.state.card
        self._results.switch(card.sha256 if card else "", self.state.case)
        self.state.status = Status.IDLE

    def _on_sources(self) -> None:
        """Clears results of other layers, and updates the view to the new layers."""
        self._forget_outdated()
        if self.state.view is not View.STACK:
            self.set_view(self.state.view)

    def _forget_outdated(self) -> None:
        """Clears the table; the layers stay."""
        if not self._results.are_of(self.state.sources):
            self._results.forget()

    def _on_shown(self, _now: str, before: str) -> None:
        self._before = before

    def show_caption(self) -> None:
        """Lists on the canvas the modalities missing in the shown result, or not ticked."""
        result = self._results.named().get(self.state.shown)
        used = self.state.present if result is None else result.subset
        there = any(layer is not None for layer in self.state.sources.values())
        missing = [name for name in self.state.sources if there and name not in used]
        name_missing(self.viewer, missing)

    def _on_edited(self) -> None:
        """Updates the volumes after edits, and reports labels that the task does not have."""
        self.state.edited = self._results.edited()
        problem = self._results.foreign_labels()
        if problem:
            self._job.say(problem, "warning")

    def _shown(self) -> Prediction | None:
        """The label layer of the shown result."""
        result = self._results.named().get(self.state.shown)
        return result if isinstance(result, Prediction) else None

    def _on_removed(self, event: Any) -> None:
        self._results.on_removed(event.value)

    def _hint(self, *_: object) -> None:
        super()._hint()
        task = self.state.task
        there = any(layer is not None for layer in self.state.sources.values())
        if self.state.status.busy or task is None or not there:
            return
        if not self.state.present:
            self._job.say("No modality is selected: tick at least one.", "warning")
        elif self.state.results and self.state.shown != task.subset_name(self.state.present):
            self._job.say(f"Press {verb(task)} to use the ticked modalities.")
