"""Controller of the panel *Features*. No Qt here: a `ViewerModel` is enough.

Feature maps, pictures, points and measures are computed in a worker, one job at a time. An action
requested during a job runs after the job has ended.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from napari_shaspec.case.model_controller import ModelController
from napari_shaspec.engine import Engine, Session
from napari_shaspec.features.marks import Marks
from napari_shaspec.features.state import CloudSettings, ColourBy, FeaturesState, FeatureView
from napari_shaspec.features.worker import Drawn, draw, first_cloud, write_cohort
from napari_shaspec.jobs.importing import load_plotting
from napari_shaspec.jobs.runner import Runner, run_in_worker
from napari_shaspec.jobs.state import Status
from napari_shaspec.jobs.turns import Steps
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
    """Runs the jobs of the panel and updates its state."""

    def __init__(
        self, viewer: ViewerModel, *, engine: Engine | None = None, run: Runner = run_in_worker
    ) -> None:
        super().__init__(viewer, FeaturesState(), engine, run, dims=False)
        self._canvas = FeatureCanvas(viewer)
        self.marks = Marks(viewer, self.state, self._canvas, self._job)
        self._next: Callable[[], None] | None = None  # requested during a job
        self._drawn = self.state.feature_view  # the view on the canvas
        self._computing = False  # the features of the case are being computed
        self._uninterruptible = False  # the running job is not interrupted for another
        self.state.events.case.connect(self._begin_anew)
        self.state.events.sources.connect(self._begin_anew)
        self.state.events.model.connect(self._forget_cohort)
        self._engine.ask()

    def tick(self, modality: str, present: bool) -> None:
        """Marks ``modality`` as available or missing, and updates features already computed."""
        outdated = self.state.maps is not None or self._computing
        if self._rows.tick(modality, present) and outdated and self.state.present:
            self._do(self.compute)

    # -- maps ------------------------------------------------------------------------------------

    def compute(self) -> None:
        """Starts computing the features of the case, or reports what is missing."""
        if self.state.status.busy or self._closed:
            return
        try:
            parts, subset = self._case()
        except ShaspecError as error:
            self._job.refuse(str(error))
            return
        view, plot = self.state.feature_view, self.state.plot

        def run(session: Session) -> Iterator[Any]:
            load_plotting()  # for the lasso and the colours of the points
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
        """Shows the kind of features and the view of ``view``."""
        self.state.feature_view = view
        maps = self.state.maps
        if maps is None:
            return

        def events() -> Iterator[Any]:
            yield draw(maps, view)

        self._do(lambda: self._start("drawing", events))

    def side_by_side(self, on: bool) -> None:
        """Shows one pane per modality, or all layers stacked."""
        self.state.side_by_side = on
        self.marks.renew()
        self.marks.arrange()

    # -- points ----------------------------------------------------------------------------------

    def plot(self, plot: CloudSettings) -> None:
        """Plots the features of ``plot`` with its projection method."""
        self.state.plot = plot
        maps = self.state.maps
        if maps is None:
            return

        def events() -> Iterator[Any]:
            yield Computed(make_cloud(maps, plot.kinds, plot.method))

        slow = " (t-SNE, about a minute)" if plot.method == "tsne" else ""
        self._do(lambda: self._start(f"projecting points{slow}", events))

    def colour_by(self, what: ColourBy) -> None:
        """Sets the meaning of the colours of the points."""
        self.state.colour_by = what

    # -- numbers ---------------------------------------------------------------------------------

    def measure(self) -> None:
        """Starts a job that measures the separation; it runs an untrained network on the case."""
        maps = self.state.maps
        if self.state.status.busy or self._closed:
            return
        try:
            if maps is None:
                raise InputError("no features yet: press Compute features first")
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

    def compute_cohort(self, folder: str | Path) -> None:
        """Starts a job that plots the features of all cases in ``folder`` in one t-SNE."""
        if self.state.status.busy or self._closed:
            return
        model, settings = self.state.model, inference_settings()
        self._start(
            "computing features of many cases",
            lambda: self._engine.cohort(model, str(folder), settings),
            uninterruptible=True,
        )

    def save_cohort(self, path: str | Path) -> list[Path]:
        """Writes the figure of many cases (png, pdf, svg), and its points as CSV next to it."""
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
        """The command line that reproduces these features; None, with a message, if none does."""
        none = "no features yet: press Compute features first"
        return self._copied("features", self.state.maps, none)

    # -- ends ------------------------------------------------------------------------------------

    def cancel(self) -> None:
        """Ends the job after the current window; features computed so far are kept."""
        self._next = None
        super().cancel()

    def _leave(self) -> None:
        """Removes the layers of the panel."""
        self._canvas.clear()

    # -- jobs ------------------------------------------------------------------------------------

    def _do(self, action: Callable[[], None]) -> None:
        """Runs ``action`` now, or after the running job, which is interrupted for it.

        Only the last requested action runs. Jobs that were started with a button and take minutes
        are not interrupted.
        """
        if self.state.status.busy:
            self._next = action
            if self._uninterruptible:
                self._job.say("waiting for the running job to finish")
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

    def _on_event(self, event: Any) -> Steps | None:
        if self._next is not None and not self._uninterruptible:
            return None
        if isinstance(event, Drawn):
            return self._show(event)
        if isinstance(event, Computed):
            self._take(event.value)
        else:
            self.state.seen = "by content" if self._kept.seen_in_training else self.state.seen
            self._job.track(event)
        return None

    def _take(self, value: FeatureMaps | Cloud | Measures | list[WindowPoint]) -> None:
        if isinstance(value, FeatureMaps):
            self.marks.clear()
            self.state.maps = value
            self.state.measures = None
        elif isinstance(value, Cloud):
            self.marks.clear()
            self.state.cloud = value
            self._job.succeed(f"{len(value.xy)} points plotted")
        elif isinstance(value, Measures):
            self.state.measures = value
            self._job.succeed("measured, with two controls")
        else:
            self.state.cohort = tuple(value)
            windows = len({(point.case, point.window) for point in value})
            self._job.succeed(f"{windows} windows of {len({p.case for p in value})} cases")

    def _show(self, drawn: Drawn) -> Steps:
        """Shows pictures in steps, each of which takes the thread of the window up to 0.2 s."""
        maps = self.state.maps
        if maps is None:
            return
        self.state.feature_view = self._drawn = drawn.view
        self._job.succeed(drawn.text)
        for _ in self._canvas.showing(maps, drawn.pictures):
            yield
            if self._closed or self.state.maps is not maps:
                return
        self.marks.renew()  # the number of panes may have changed
        yield from self.marks.arranging()

    def _on_ended(self) -> None:
        """The worker has finished; a waiting action can run."""
        outcome = self._job.outcome
        self._computing = False
        if self._closed:
            self._kept.forget()
        if outcome is None:
            self._job.say("Cancelled. Features computed so far are kept.")
            outcome = Status.DONE if self.state.maps is not None else Status.IDLE
        self.state.status = outcome
        action, self._next = self._next, None
        if action is not None and not self._closed:
            action()
        if self.state.maps is not None and not self.state.status.busy:
            self.state.feature_view = self._drawn  # another one was asked for, and not drawn

    def _begin_anew(self, *_: object) -> None:
        """Clears the features: the model or the voxels have changed."""
        super()._begin_anew()
        self._next = None  # it was about these features
        self._canvas.clear()
        self.state.maps = self.state.cloud = self.state.marked = self.state.measures = None
        self._hint()
