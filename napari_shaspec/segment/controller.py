"""What the panel *Segment* can do. No Qt here: a `ViewerModel` will do."""

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
        self._again = False  # a toggle came during a job: segment once more when it has ended
        self._before = ""  # the subset whose result was shown before the present one
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
        """Says whether ``modality`` takes part; segments again at once where features are kept."""
        if self._rows.tick(modality, present):
            self._toggled()

    def update_when_toggled(self, on: bool) -> None:
        """Whether a toggle segments again at once where it can."""
        self.state.auto_update = on
        self._hint()

    def show_result(self, subset: str) -> None:
        """Shows the result of ``subset`` (joined by ``+``) and hides the others."""
        if subset in self._results.named():
            self.state.shown = subset
            self._views.show(self._shown())

    def compare(self) -> None:
        """Shows the result that was shown before this one; pressed again, this one."""
        other = self._results.other_than_shown(self._before)
        if other is None:
            self._job.say("Nothing to compare yet: run with two sets of modalities.", "warning")
        else:
            self.show_result(other)

    def undo(self) -> None:
        """Goes back to the result before the last run, painted as it was; pressed again, forth."""
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
        """Changes the way the case is looked at: stacked, a pane per modality, or in 3D."""
        problem = why_not(view, self.state.task)
        if problem:
            self._job.refuse(problem)
            return
        self._views.set_view(view, self.state.sources, self._shown())
        self.state.view = view

    def save(self, path: str | Path, subset: str = "") -> Path | None:
        """Writes a result (the shown one): NIfTI on the grid of its input, or the probabilities of
        the classes as CSV; with the ending .csv the sizes from all subsets. None if it cannot."""
        try:
            written = self._results.save(Path(path), subset or self.state.shown)
        except ShaspecError as error:
            self._job.refuse(str(error))
            return None
        self._job.say(f"saved {written}")
        return written

    def command(self, subset: str = "") -> str | None:
        """The command line that gives a result (the shown one) again; None if there is none."""
        wanted = subset or self.state.shown
        none = "there is no result to repeat yet: press Segment first"
        command = self._copied(wanted, self._results.named().get(wanted), none)
        if command is not None and wanted in self.state.edited:
            self._job.say(
                "Command copied. It repeats the run, without what was painted.", "warning"
            )
        return command

    def report(self, path: str | Path) -> None:
        """Starts a job that writes a page (``.html``, ``.pdf``) on all results, as they are now."""
        task, results = self.state.task, self._results.as_they_are()
        if self.state.status.busy or self._closed or task is None:
            return
        try:
            if not results:
                raise ShaspecError("there is no result to report on yet: press Segment first")
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
        """Starts a job for the ticked modalities, or says what is missing for one."""
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
        """Ends the job at its next window; what it has computed by then is kept."""
        self._again = False
        super().cancel()

    def _leave(self) -> None:
        """The layers are left as the user had them."""
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
        """Shows a result and puts it in the place of an earlier one for the same subset."""
        run_times.remember(self.state.model, result, first=not self.state.results)
        found = result.sentence if isinstance(result, Classification) else "done"
        kept = self._results.take(result)
        painted = f"\nWhat was painted is kept in layer {kept.name!r}." if kept else ""
        self._views.show(self._shown())
        self._job.succeed(f"{self.state.shown}: {found}{how(result)}{painted}")

    def _on_failed(self, error: Exception) -> None:
        self._again = False
        super()._on_failed(error)

    def _on_ended(self) -> None:
        """Only now is the worker through, and another job may begin."""
        outcome = self._job.outcome
        if self._closed or (outcome is Status.FAILED and self._running):
            self._kept.forget()
        if outcome is None:
            self._job.say("Cancelled. What was computed so far is kept.")
            outcome = Status.DONE if self.state.results else Status.IDLE
        self.state.status = outcome
        again, self._again = self._again, False
        if again and self.state.present:
            self.segment()

    # -- toggles and sessions ----------------------------------------------------------------------

    def _toggled(self) -> None:
        """After a tick: the last one wins, and nothing slow begins without being asked for."""
        card, present = self.state.card, self.state.present
        if card is None or not (present and card.instant_toggles and self.state.auto_update):
            self._hint()
        elif self.state.status.busy:
            # Once it was told to end it will not come to its result, whatever is ticked by then.
            self._again = self._again or card.task.subset(present) != self._running
            if self._again:
                self._job.interrupt()
        else:
            self._run_if_kept()

    def _run_if_kept(self) -> None:
        """Starts a job if the ticked subset is answered from the features that are kept."""
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
        """Another case or model has no results yet; it is first seen as napari shows layers."""
        super()._begin_anew()
        if self.state.view is not View.STACK:
            self.set_view(View.STACK)
        card = self.state.card
        self._results.switch(card.sha256 if card else "", self.state.case)
        self.state.status = Status.IDLE

    def _on_sources(self) -> None:
        """Results of other layers are not these; a view of the old ones is made of the new."""
        self._forget_outdated()
        if self.state.view is not View.STACK:
            self.set_view(self.state.view)

    def _forget_outdated(self) -> None:
        """Their layers stay; the table begins anew."""
        if not self._results.are_of(self.state.sources):
            self._results.forget()

    def _on_shown(self, _now: str, before: str) -> None:
        self._before = before

    def show_caption(self) -> None:
        """Names on the canvas what the shown result was made without; else what is not ticked."""
        result = self._results.named().get(self.state.shown)
        used = self.state.present if result is None else result.subset
        there = any(layer is not None for layer in self.state.sources.values())
        missing = [name for name in self.state.sources if there and name not in used]
        name_missing(self.viewer, missing)

    def _on_edited(self) -> None:
        """The table has the volumes as painted; a label that the task does not know is named."""
        self.state.edited = self._results.edited()
        problem = self._results.foreign_labels()
        if problem:
            self._job.say(problem, "warning")

    def _shown(self) -> Prediction | None:
        """The label map that is shown, of those of this case."""
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
            self._job.say("No modality is ticked: tick at least one.", "warning")
        elif self.state.results and self.state.shown != task.subset_name(self.state.present):
            self._job.say(f"Press {verb(task)} for the modalities that are ticked now.")
