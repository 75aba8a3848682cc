"""What the panel *Features* can do. No Qt here: a `ViewerModel` will do.

Maps, pictures, points and numbers are computed in a worker, one job at a time; what the user wants
meanwhile is done when the job has ended.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from napari_shaspec import assignment, known_models
from napari_shaspec.assignment import Parts
from napari_shaspec.engine import Engine, LocalEngine, Session
from napari_shaspec.features_work import ColourBy, FeaturesWork, Look, Marked, Plot
from napari_shaspec.job_control import JobControl
from napari_shaspec.jobs import Runner, run_in_worker
from napari_shaspec.layers import features, show
from napari_shaspec.layers.features import Picture
from napari_shaspec.layers.origin import of_kind, origin
from napari_shaspec.layers.panes import Panes
from napari_shaspec.rows import Rows
from napari_shaspec.sessions import KeptSession
from napari_shaspec.work import Status
from shaspec.analysis.features.cloud import Cloud, make_cloud
from shaspec.analysis.features.measure import Measures
from shaspec.analysis.features.views import How, imputation_error
from shaspec.errors import InputError, ShaspecError
from shaspec.inference.events import Computed, Progress
from shaspec.inference.feature_maps import FeatureMaps

if TYPE_CHECKING:
    from napari.components import ViewerModel
    from napari.layers import Image, Labels, Layer


@dataclass(frozen=True, eq=False)
class Drawn:
    """The event of a job that has made the pictures of a look."""

    look: Look
    pictures: list[Picture]
    text: str
    """What is to be seen, in a sentence."""


class FeaturesController:
    """Everything the panel can do. Only this class and its `Rows` change ``work``."""

    def __init__(
        self, viewer: ViewerModel, *, engine: Engine | None = None, run: Runner = run_in_worker
    ) -> None:
        self.viewer = viewer
        self.work = FeaturesWork()
        self._rows = Rows(viewer, self.work, dims=False)
        self._engine = engine or LocalEngine()
        self._kept = KeptSession(self._engine)
        self._job = JobControl(self.work, run)
        self._panes = Panes(viewer)
        self._layers: list[Layer] = []  # features, from the first modality on
        self._marks: list[Labels] = []  # one a pane
        self._next: Callable[[], None] | None = None  # what the user wanted during a job
        self._closed = False
        show.prepare_view(viewer)
        self.work.events.case.connect(self._forget)
        self.work.events.sources.connect(self._forget)
        self.work.models = tuple(self._engine.models())
        if self.work.models:
            self.choose_model(self.work.models[0])
        else:
            self._job.say("no model is bundled: open a model folder", "warning")
        self._unfollow = known_models.follow(self._on_known_models)

    # -- choices -------------------------------------------------------------------------------

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
        self._forget()
        self._rows.set_task(card.task)
        self._hint()
        return True

    def _on_known_models(self) -> None:
        """A model that was trained meanwhile is offered too."""
        known, models = self.work.models, self._engine.models()
        self.work.models = (*known, *(model for model in models if model not in known))

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

    def tick(self, modality: str, present: bool) -> None:
        """Whether ``modality`` counts as acquired; what depends on that is computed anew."""
        if self._rows.tick(modality, present) and self.work.maps is not None and self.work.present:
            self._do(self.compute)

    # -- maps ------------------------------------------------------------------------------------

    def compute(self) -> None:
        """Starts a job for the features of the case, or says what is missing for one."""
        if self.work.status.busy or self._closed:
            return
        try:
            parts, subset = self._case()
        except ShaspecError as error:
            self._job.refuse(str(error))
            return
        look, plot = self.work.look, self.work.plot

        def run(session: Session) -> Iterator[Any]:
            for event in session.features(subset):
                yield event
                if isinstance(event, Computed):
                    yield Progress(0, 0, "drawing")
                    yield Computed(_first_cloud(event.value, plot))
                    yield _drawn(event.value, look)

        if not self._kept.fits(self.work.model, parts):
            self._kept.forget()
        model = self.work.model
        self._start(lambda: self._kept.job(model, parts, run))

    def look(self, look: Look) -> None:
        """Shows other features, or the same in another way."""
        self.work.look = look
        maps = self.work.maps
        if maps is None:
            return

        def events() -> Iterator[Any]:
            yield Progress(0, 0, "drawing")
            yield _drawn(maps, look)

        self._do(lambda: self._start(events))

    def side_by_side(self, on: bool) -> None:
        """A pane per modality, or one image over the other."""
        self.work.side_by_side = on
        if self._marks and self.work.marked is not None:
            self.mark(self.work.marked.points)
        self._arrange()

    # -- points ----------------------------------------------------------------------------------

    def plot(self, plot: Plot) -> None:
        """Puts other features, or the same in another way, into the plane."""
        self.work.plot = plot
        maps = self.work.maps
        if maps is None:
            return

        def events() -> Iterator[Any]:
            slow = " (t-SNE, about a minute)" if plot.method == "tsne" else ""
            yield Progress(0, 0, f"placing points{slow}")
            yield Computed(make_cloud(maps, plot.kinds, plot.method))

        self._do(lambda: self._start(events))

    def colour_by(self, what: ColourBy) -> None:
        """What the colours of the points mean."""
        self.work.colour_by = what

    def mark(self, points: npt.NDArray[np.bool_]) -> None:
        """Marks points (n,) of the cloud, and lights up their voxels in the viewer."""
        cloud, maps = self.work.cloud, self.work.maps
        if cloud is None or maps is None:
            return
        self.work.marked = Marked(points)
        voxels = np.unique(cloud.voxel[points], axis=0)
        panes = len(self._layers) if self.work.side_by_side else 1
        if len(self._marks) != (panes if len(voxels) else 0):
            self._panes.pause()
        self._marks = features.show_marked(self.viewer, maps, voxels, panes if len(voxels) else 0)
        self._arrange()
        self._job.say(f"{points.sum()} points marked, {len(voxels)} voxels")

    def mark_label(self) -> None:
        """Marks the points of the voxels that have the selected label of the active layer."""
        cloud, maps, layer = self.work.cloud, self.work.maps, self.labels_layer()
        if cloud is None or maps is None:
            return
        if layer is None:
            self._job.refuse("there is no segmentation: open one, or segment the case first")
            return
        values = features.labels_at(layer, maps.grid, cloud.voxel)
        self.mark(values == layer.selected_label)
        count = int((values == layer.selected_label).sum())
        self._job.say(f"label {layer.selected_label} of {layer.name!r}: {count} points marked")

    def regions(self) -> npt.NDArray[np.int64] | None:
        """(n,) the label of each point in the segmentation; None where there is none."""
        cloud, maps, layer = self.work.cloud, self.work.maps, self.labels_layer()
        if cloud is None or maps is None or layer is None:
            return None
        return features.labels_at(layer, maps.grid, cloud.voxel)

    def labels_layer(self) -> Labels | None:
        """The active labels layer, else the newest result, else the truth."""
        from napari.layers import Labels

        active = self.viewer.layers.selection.active
        own = set(of_kind(self.viewer, "marked"))
        if isinstance(active, Labels) and active not in own:
            return active
        found = [*of_kind(self.viewer, "truth"), *of_kind(self.viewer, "result")]
        return found[-1] if found else None

    # -- numbers ---------------------------------------------------------------------------------

    def measure(self) -> None:
        """Starts a job for the numbers; it runs an untrained network on the case."""
        maps = self.work.maps
        if self.work.status.busy or self._closed:
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

        model = self.work.model
        self._start(lambda: self._kept.job(model, parts, run))

    # -- ends ------------------------------------------------------------------------------------

    def cancel(self) -> None:
        """Ends the job at its next window; what it has computed by then is kept."""
        self._next = None
        self._job.interrupt()

    def close(self) -> None:
        """Ends the job, frees the features, takes the panel's layers away."""
        if self._closed:
            return
        self._closed = True
        self._unfollow()
        for name in self.work.events:
            self.work.events[name].disconnect()  # a view may be gone by now
        self._rows.close()
        self._panes.leave()
        features.remove_pictures(self.viewer)
        self.cancel()
        if not self.work.status.busy:
            self._kept.forget()

    # -- jobs ------------------------------------------------------------------------------------

    def _case(self) -> tuple[Parts, tuple[str, ...]]:
        card = self.work.card
        if card is None:
            raise InputError("there is no model: choose one, or open a model folder")
        parts = assignment.collect(self.work.sources, card.task)
        return parts, card.task.subset(self.work.present)

    def _do(self, action: Callable[[], None]) -> None:
        """Now, or when the job that runs has been ended for it: the last wish wins."""
        if self.work.status.busy:
            self._next = action
            self._job.interrupt()
        else:
            action()

    def _start(self, events: Callable[[], Iterator[Any]]) -> None:
        if not self._closed:
            self._next = None
            self._job.start(events, self._on_event, self._on_failed, self._on_ended)

    def _on_event(self, event: Any) -> None:
        if self._closed or self._next is not None:
            return
        if isinstance(event, Drawn):
            self._show(event)
        elif isinstance(event, Computed):
            self._take(event.value)
        else:
            self.work.seen = "by content" if self._kept.seen_in_training else self.work.seen
            self._job.track(event)

    def _take(self, value: FeatureMaps | Cloud | Measures) -> None:
        if isinstance(value, FeatureMaps):
            self._unmark()
            self.work.maps = value
            self.work.measures = None
        elif isinstance(value, Cloud):
            self._unmark()
            self.work.cloud = value
            self._job.succeed(f"{len(value.xy)} points")
        else:
            self.work.measures = value
            self._job.succeed("measured, beside two controls")

    def _show(self, drawn: Drawn) -> None:
        maps = self.work.maps
        if maps is None:
            return
        self.work.look = drawn.look
        if [p.rgb for p in drawn.pictures] != [layer.rgb for layer in self._layers]:
            self._panes.pause()
        self._layers = features.show_pictures(self.viewer, maps, drawn.pictures)
        if self._marks and self.work.marked is not None:
            self.mark(self.work.marked.points)  # as many as there are panes now
        self._arrange()
        self._job.succeed(drawn.text)

    def _on_failed(self, error: Exception) -> None:
        if not self._closed:
            self._job.fail(error)

    def _on_ended(self) -> None:
        """Only now is the worker through, and another job may begin."""
        outcome, action = self._job.outcome, self._next
        if self._closed:
            self._kept.forget()
        if outcome is None:
            self._job.say("cancelled; what was computed so far is kept")
            outcome = Status.DONE if self.work.maps is not None else Status.IDLE
        self.work.status = outcome
        if action is not None and not self._closed:
            self._next = None
            action()

    # -- the canvas ------------------------------------------------------------------------------

    def _arrange(self) -> None:
        layers = [layer for layer in self._layers if layer in self.viewer.layers]
        if not layers:
            self._panes.leave()
        elif self.work.side_by_side:
            self._panes.show(self._groups(layers), layers)
        else:
            self._panes.leave()
            for layer in layers:  # the first alone: they would hide each other
                layer.visible = layer is layers[0]
            for layer in self._marks:
                layer.visible = True

    def _unmark(self) -> None:
        """Other points, other marks."""
        self.work.marked = None
        for layer in self._marks:
            if layer in self.viewer.layers:
                self.viewer.layers.remove(layer)
        self._marks = []
        self._arrange()

    def _groups(self, layers: list[Layer]) -> list[tuple[Layer, ...]]:
        """Features over their image; features alone where there are several to an image."""
        groups: list[tuple[Layer, ...]] = [(layer,) for layer in layers]
        images = [self.work.sources.get(origin(layer)["modality"]) for layer in layers]
        if None not in images and len(set(images)) == len(images):
            groups = [(image, layer) for image, layer in zip(images, layers, strict=True)]
        marks = [layer for layer in self._marks if layer in self.viewer.layers]
        if len(marks) == len(groups):
            groups = [(*group, mark) for group, mark in zip(groups, marks, strict=True)]
        return groups

    def _forget(self, *_: object) -> None:
        """Features of another model or of other voxels are not these."""
        self._panes.leave()
        features.remove_pictures(self.viewer)
        self._layers, self._marks = [], []
        card = self.work.card
        self.work.seen = card.seen_name(self.work.case) if card is not None else ""
        self.work.maps = self.work.cloud = self.work.marked = self.work.measures = None
        self._hint()

    def _hint(self) -> None:
        """The next step, where it is not plain from the panel."""
        if self.work.status.busy or self.work.card is None:
            return
        if any(layer is not None for layer in self.work.sources.values()):
            self._job.say("")
        else:
            self._job.say(
                f"Open a case, or drop its folder here: {self.work.card.task.title_names}, or "
                "what there is of them. A made-up one is in File > Open Sample > ShaSpec."
            )


def _drawn(maps: FeatureMaps, look: Look) -> Drawn:
    if look.kind not in maps.kinds:  # another model, or all modalities are ticked now
        look = replace(look, kind=maps.kinds[0], channel=0)
    pictures = features.make_pictures(maps, look.kind, look.how, look.channel)
    return Drawn(look, pictures, _said(maps, look))


def _first_cloud(maps: FeatureMaps, plot: Plot) -> Cloud:
    """The points by principal components, which take no time; kinds that the model has not go."""
    kinds = tuple(kind for kind in plot.kinds if maps.of(kind)) or maps.kinds[:1]
    return make_cloud(maps, kinds, "pca")


def _said(maps: FeatureMaps, look: Look) -> str:
    """What is on the canvas, in a sentence."""
    if look.kind == "imputed":
        errors = [imputation_error(maps, kind) for kind in ("shared", "fused")]
        if not errors[0]:
            return "What stands for the modalities that were not acquired."
        near, far = (np.median([v[maps.inside] for v in e.values()]) for e in errors)
        return (
            f"The stand-in is off by {near:.2f} of the true shared feature and by {far:.2f} "
            "of the fused one that it replaces (medians; 1 is no better than nothing)."
        )
    texts = {
        How.COLOURS: "the same colour is the same feature, in all modalities",
        How.ENERGY: "length of the feature, on one scale for all modalities",
        How.DISTANCE: "distance to the mean over the modalities, in lengths of that mean",
        How.CHANNEL: f"channel {look.channel}, on one scale for all modalities",
    }
    return f"{look.kind}: {texts[look.how]}"
