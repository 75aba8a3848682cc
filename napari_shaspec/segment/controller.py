"""Controller of the panel *Segment*. No Qt here: a `ViewerModel` is enough."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from napari_shaspec import run_times
from napari_shaspec.case import assignment
from napari_shaspec.case.state import verb
from napari_shaspec.case.volume_sources import VolumeSources
from napari_shaspec.engine import Engine
from napari_shaspec.jobs.runner import Runner, run_in_worker
from napari_shaspec.jobs.state import Status
from napari_shaspec.segment.confidence import Actions, Confidence
from napari_shaspec.segment.mask_editing import MaskEditing
from napari_shaspec.segment.preparing import Preparing
from napari_shaspec.segment.results import how
from napari_shaspec.segment.shortcuts import Keys, actions_of
from napari_shaspec.segment.showing import ShowingController
from napari_shaspec.segment.state import SegmentState
from napari_shaspec.segment.worker import Made, Written, predict_job, report_job
from napari_shaspec.settings import display_settings, inference_settings
from shaspec.errors import ShaspecError
from shaspec.inference.events import Event, Finished
from shaspec.prediction import Classification, Prediction
from shaspec.task import Subset

if TYPE_CHECKING:
    from napari.components import ViewerModel


class SegmentController(ShowingController):
    """Everything the panel can do."""

    def __init__(
        self, viewer: ViewerModel, *, engine: Engine | None = None, run: Runner = run_in_worker
    ) -> None:
        state = SegmentState(
            auto_update=inference_settings().update_when_toggled,
            opacity=display_settings().overlay_opacity,
        )
        super().__init__(viewer, state, engine, run)
        self._running: Subset = ()
        self._again = False  # a toggle during a job: segment again when it has ended
        self.actions = actions_of(self)
        self._keys = Keys(viewer, self.actions)
        self.state.events.present.connect(self._hint)
        actions = Actions(self._compute_probabilities, self._on_thresholds, self._job.show_error)
        self._confidence = Confidence(viewer, state, self._results, run, actions)
        self.show_probability = self._confidence.show_probability
        self.set_threshold = self._confidence.set_threshold
        self.preparing = Preparing(viewer, state, self._job, self._start_job, self.open)
        self.mask_editing = MaskEditing(viewer, state, self._job, self.preparing)
        self._engine.ask()

    def tick(self, modality: str, present: bool) -> None:
        """Includes ``modality`` or leaves it out; segments again at once if features are kept."""
        if self._rows.tick(modality, present):
            self._toggled()

    def update_when_toggled(self, on: bool) -> None:
        """Sets whether a toggle segments again at once if features are kept."""
        self.state.auto_update = on
        self._hint()

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

    def _run(self, sources: VolumeSources, subset: Subset, known: Prediction | None = None) -> None:
        """Starts the job for ``subset`` of ``sources``; for probabilities, of the known result."""
        self._forget_outdated()
        model, maps = self.state.model, known is not None or self._confidence.wanted
        self._running, self._again = subset, False
        self._start_job(
            "computing probabilities" if known else "segmenting",
            lambda: self._kept.job(
                model,
                sources,
                lambda session: predict_job(session, subset, probabilities=maps, known=known),
            ),
            self._on_event,
        )

    def _compute_probabilities(self, result: Prediction, only_at_once: bool) -> None:
        """Computes the probabilities of a result in the table; if ``only_at_once``, only where
        its features are kept."""
        if self.state.status.busy or self._closed:
            return
        try:
            sources = assignment.collect(self.state.sources, result.task, result.subset)
        except ShaspecError as error:
            self._confidence.settle()
            self._job.refuse(str(error))
            return
        if not only_at_once or self._kept.answers_at_once(self.state.model, sources, result.subset):
            self._run(sources, result.subset, result)
        else:
            self._job.say(
                f"The probabilities of {result.title} are not kept: tick its modalities and press "
                "Segment."
            )

    def _on_thresholds(self, kept: str) -> None:
        """A result has other thresholds; ``kept`` names a layer with edits of the one before."""
        self._views.show(self.state.shown_map)
        self.show_caption()
        if kept:
            self._job.say(f"Your edits are kept in layer {kept!r}.", "warning")

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
        measured = self.measuring.measurements
        self._running, self._again = (), False
        card = self.state.card
        self._start_job(
            "writing the report",
            lambda: report_job(Path(path), parts, results, card, measured),
            self._on_event,
        )

    def cancel(self) -> None:
        """Ends the job after the current window; features computed so far are kept."""
        self._again = False
        super().cancel()

    def _leave(self) -> None:
        super()._leave()
        self._keys.close()
        self._confidence.close()
        self.mask_editing.close()

    def _begin_anew(self, *_: object) -> None:
        super()._begin_anew()
        self._confidence.forget()

    def _on_event(self, event: Event | Finished[Classification] | Made | Written) -> None:
        if self._again:  # after a toggle this job's result is out of date
            return
        if isinstance(event, Made):
            if event.known:
                self._job.succeed(f"{event.result.title}: probabilities computed{how(event.made)}")
            self._confidence.keep(event.made, event.result)
            if not event.known:
                self._take(event.result, event)
        elif isinstance(event, Finished):
            self._take(event.prediction)
        elif isinstance(event, Written):
            self._job.succeed(f"saved {event.path}")
        else:
            self.state.seen = "by content" if self._kept.seen_in_training else self.state.seen
            self._job.track(event)

    def _take(self, result: Prediction | Classification, event: Made | None = None) -> None:
        """Shows a result and replaces an earlier one of the same subset."""
        run_times.remember(self.state.model, result, first=not self.state.results)
        outcome = result.sentence if isinstance(result, Classification) else "done"
        kept = self._results.take(result, self._kept.settings, event.drawn if event else None)
        painted = f"\nYour edits are kept in layer {kept.name!r}." if kept else ""
        self._views.show(self.state.shown_map)
        self._job.succeed(f"{self.state.shown}: {outcome}{how(result)}{painted}")

    def _on_not_opened(self, paths: Sequence[str | Path], error: ShaspecError) -> None:
        self.preparing.refused(paths, error)

    def _on_failed(self, error: Exception) -> None:
        self._again = False
        if not self.preparing.asks(error):
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
        self._confidence.settle()
        if not self._closed:
            self.preparing.ended()
        again, self._again = self._again, False
        if again and self.state.present and not self._show_again():
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
        elif not self._show_again():
            self._run_if_kept()

    def _show_again(self) -> bool:
        """Shows the result of the ticked subset if the table has it, from the same volumes and
        with the settings of now; False: it does not."""
        subset = self.state.card_in_use.task.subset_name(self.state.present)
        self._forget_outdated()
        if not self._results.made_with(subset, inference_settings()):
            return False
        self.show_result(subset)
        self._job.say(f"{subset}: shown again from the table")
        return True

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
