"""What the panel *Features* can do. No Qt here: a `ViewerModel` will do.

Maps, pictures, points and numbers are computed in a worker, one job at a time; what the user wants
meanwhile is done when the job has ended.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from napari_shaspec.case.controller import ModelController
from napari_shaspec.engine import Engine, Session
from napari_shaspec.features.marks import Marks
from napari_shaspec.features.state import ColourBy, FeaturesState, FeatureView, Plot
from napari_shaspec.features.worker import Drawn, draw, first_cloud, write_cohort
from napari_shaspec.jobs.runner import Runner, run_in_worker
from napari_shaspec.jobs.state import Status
from napari_shaspec.layers.feature_canvas import FeatureCanvas
from napari_shaspec.settings import inference_settings
from shaspec.analysis.features.cloud import Cloud, make_cloud
from shaspec.analysis.features.measure import Measures
from shaspec.errors import InputError, ShaspecError
from shaspec.inference.events import Computed, Progress
from shaspec.inference.feature_maps import FeatureMaps

if TYPE_CHECKING:
    from napari.components import ViewerModel

    from shaspec.analysis.features.cohort import WindowPoint


class FeaturesController(ModelController[FeaturesState]):
    """Everything the panel can do."""

    def __init__(
        self, viewer: ViewerModel, *, engine: Engine | None = None, run: Runner = run_in_worker
    ) -> None:
        super().__init__(viewer, FeaturesState(), engine, run, dims=False)
        self._canvas = FeatureCanvas(viewer)
        self.marks = Marks(viewer, self.state, self._canvas, self._job)
        self._next: Callable[[], None] | None = None  # what the user wanted during a job
        self._computing = False  # a job for the features of the case is running
        self._uninterruptible = False  # a job is running that gives way to no other
        self.state.events.case.connect(self._begin_anew)
        self.state.events.sources.connect(self._begin_anew)
        self.state.events.model.connect(self._forget_cohort)
        self._choose_first_model()

    def tick(self, modality: str, present: bool) -> None:
        """Whether ``modality`` counts as acquired; what depends on that is computed anew."""
        wanted = self.state.maps is not None or self._computing
        if self._rows.tick(modality, present) and wanted and self.state.present:
            self._do(self.compute)

    # -- maps ------------------------------------------------------------------------------------

    def compute(self) -> None:
        """Starts a job for the features of the case, or says what is missing for one."""
        if self.state.status.busy or self._closed:
            return
        try:
            parts, subset = self._case()
        except ShaspecError as error:
            self._job.refuse(str(error))
            return
        view, plot = self.state.feature_view, self.state.plot

        def run(session: Session) -> Iterator[Any]:
            for event in session.features(subset):
                yield event
                if isinstance(event, Computed):
                    yield Progress(0, 0, "drawing")
                    yield Computed(first_cloud(event.value, plot))
                    yield draw(event.value, view)

        model = self.state.model
        self._start("computing features", lambda: self._kept.job(model, parts, run))
        self._computing = self.state.status.busy

    def show_features(self, view: FeatureView) -> None:
        """Shows other features, or the same in another way."""
        self.state.feature_view = view
        maps = self.state.maps
        if maps is None:
            return

        def events() -> Iterator[Any]:
            yield draw(maps, view)

        self._do(lambda: self._start("drawing", events))

    def side_by_side(self, on: bool) -> None:
        """A pane per modality, or one image over the other."""
        self.state.side_by_side = on
        self.marks.renew()
        self.marks.arrange()

    # -- points ----------------------------------------------------------------------------------

    def plot(self, plot: Plot) -> None:
        """Puts other features, or the same in another way, into the plane."""
        self.state.plot = plot
        maps = self.state.maps
        if maps is None:
            return

        def events() -> Iterator[Any]:
            yield Computed(make_cloud(maps, plot.kinds, plot.method))

        slow = " (t-SNE, about a minute)" if plot.method == "tsne" else ""
        self._do(lambda: self._start(f"placing points{slow}", events))

    def colour_by(self, what: ColourBy) -> None:
        """What the colours of the points mean."""
        self.state.colour_by = what

    # -- numbers ---------------------------------------------------------------------------------

    def measure(self) -> None:
        """Starts a job for the numbers; it runs an untrained network on the case."""
        maps = self.state.maps
        if self.state.status.busy or self._closed:
            return
        try:
            if maps is None:
                raise InputError("there are no features yet: press Compute features first")
            parts, _ = self._case()
        except ShaspecError as error:
            self._job.refuse(str(error))
            return

        def run(session: Any) -> Iterator[Any]:
            from shaspec.analysis.features.measure_job import measure_job

            yield from measure_job(session, maps)

        model = self.state.model
        self._start("measuring", lambda: self._kept.job(model, parts, run), uninterruptible=True)

    # -- many cases ------------------------------------------------------------------------------

    def gather(self, folder: str | Path) -> None:
        """Starts a job for the features of all cases in ``folder``, as points of one t-SNE."""
        if self.state.status.busy or self._closed:
            return
        model, settings = self.state.model, inference_settings()
        self._start(
            "computing features of many cases",
            lambda: self._engine.cohort(model, str(folder), settings),
            uninterruptible=True,
        )

    def save_cohort(self, path: str | Path) -> list[Path]:
        """Writes the figure (png, pdf, svg) of many cases, and its points as CSV beside it."""
        task = self.state.task
        if not self.state.cohort or task is None:
            return []
        try:
            written = write_cohort(Path(path), self.state.cohort, task)
        except ShaspecError as error:
            self._job.refuse(str(error))
            return []
        self._job.say(f"saved {written[0]} and {written[1].name}")
        return written

    def _forget_cohort(self, *_: object) -> None:
        self.state.cohort = ()

    def command(self) -> str | None:
        """The command line that gives these features again; None, with a message, if none does."""
        none = "there are no features yet: press Compute features first"
        return self._copied("features", self.state.maps, none)

    # -- ends ------------------------------------------------------------------------------------

    def cancel(self) -> None:
        """Ends the job at its next window; what it has computed by then is kept."""
        self._next = None
        super().cancel()

    def _leave(self) -> None:
        """The panel's layers go."""
        self._canvas.clear()

    # -- jobs ------------------------------------------------------------------------------------

    def _do(self, action: Callable[[], None]) -> None:
        """Now, or when the job that runs has been ended for it: the last wish wins.

        What took a press of a button and minutes to compute is waited for.
        """
        if self.state.status.busy:
            self._next = action
            if self._uninterruptible:
                self._job.say("this is done when the job that runs has ended")
            else:
                self._job.interrupt()
        else:
            action()

    def _start(
        self, doing: str, events: Callable[[], Iterator[Any]], *, uninterruptible: bool = False
    ) -> None:
        if not self._closed:
            self._next, self._uninterruptible = None, uninterruptible
            self._start_job(doing, events, self._on_event)

    def _on_event(self, event: Any) -> None:
        if self._next is not None and not self._uninterruptible:
            return
        if isinstance(event, Drawn):
            self._show(event)
        elif isinstance(event, Computed):
            self._take(event.value)
        else:
            self.state.seen = "by content" if self._kept.seen_in_training else self.state.seen
            self._job.track(event)

    def _take(self, value: FeatureMaps | Cloud | Measures | list[WindowPoint]) -> None:
        if isinstance(value, FeatureMaps):
            self.marks.clear()
            self.state.maps = value
            self.state.measures = None
        elif isinstance(value, Cloud):
            self.marks.clear()
            self.state.cloud = value
            self._job.succeed(f"{len(value.xy)} points")
        elif isinstance(value, Measures):
            self.state.measures = value
            self._job.succeed("measured, beside two controls")
        else:
            self.state.cohort = tuple(value)
            windows = len({(point.case, point.window) for point in value})
            self._job.succeed(f"{windows} windows of {len({p.case for p in value})} cases")

    def _show(self, drawn: Drawn) -> None:
        maps = self.state.maps
        if maps is None:
            return
        self.state.feature_view = drawn.view
        self._canvas.show(maps, drawn.pictures)
        self.marks.renew()  # as many as there are panes now
        self.marks.arrange()
        self._job.succeed(drawn.text)

    def _on_ended(self) -> None:
        """Only now is the worker through, and another job may begin."""
        outcome, action = self._job.outcome, self._next
        self._computing = False
        if self._closed:
            self._kept.forget()
        if outcome is None:
            self._job.say("cancelled; what was computed so far is kept")
            outcome = Status.DONE if self.state.maps is not None else Status.IDLE
        self.state.status = outcome
        if action is not None and not self._closed:
            self._next = None
            action()

    def _begin_anew(self, *_: object) -> None:
        """Features of another model or of other voxels are not these."""
        super()._begin_anew()
        self._canvas.clear()
        self.state.maps = self.state.cloud = self.state.marked = self.state.measures = None
        self._hint()
