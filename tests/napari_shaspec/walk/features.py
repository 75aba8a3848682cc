"""A walk of random steps at the panel *Features*, and sessions that have features."""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np

from napari_shaspec.features.state import CloudSettings, FeatureView
from napari_shaspec.layers.features import make_pictures
from napari_shaspec.layers.metadata import of_kind, origin
from shaspec.analysis.features.views import How
from shaspec.errors import ShaspecError
from shaspec.geometry import Grid
from shaspec.inference.events import Computed, Progress
from shaspec.inference.feature_maps import FeatureMaps
from tests.napari_shaspec.fakes import SHAPE
from tests.napari_shaspec.walk.engine import MODELS, MarkingEngine, MarkingSession
from tests.napari_shaspec.walk.panel_walk import CASES, JOBS, CasePanelWalk
from tests.napari_shaspec.walk.viewer_steps import ViewerSteps, names_of

BLOCK, CHANNELS = 4, 3
KINDS = ("shared", "specific", "fused", "imputed")


class FeatureSession(MarkingSession):
    """A session whose features follow from the case, the model and the subset."""

    def features(self, present: Iterable[str]) -> Iterator[Any]:
        yield from self._features(present, seed=0)

    def untrained_features(self, present: Iterable[str], seed: int = 0) -> Iterator[Any]:
        yield from self._features(present, seed=1 + seed)

    def _features(self, present: Iterable[str], seed: int) -> Iterator[Any]:
        case, subset = self.case, self.case.task.subset(present)
        for step in range(self.windows):
            yield Progress(step + 1, self.windows, "encode")
        shape = tuple(n // BLOCK for n in SHAPE)
        name = f"{case.name} {self.model} {'+'.join(subset)} {seed}"
        rng = np.random.default_rng(zlib.crc32(name.encode()))
        keys = [(kind, m) for kind in KINDS[:3] for m in case.present]
        keys += [("imputed", m) for m in case.present if m not in subset]
        maps = {key: rng.normal(size=(CHANNELS, *shape)).astype(np.float32) for key in keys}
        inside = np.zeros(shape, bool)
        inside[1:-1, 1:-1, 1:-1] = True
        spacing = tuple(BLOCK * side for side in case.grid.spacing)
        grid = Grid(shape, spacing, case.grid.origin)
        facts = {"model": self.model, "sha256": self.model, "subset": "+".join(subset)}
        names = case.task.names
        windows = {
            (kind, m): rng.normal(size=(2, len(names))).astype(np.float32)
            for kind in (*KINDS[:3], "domain")
            for m in case.present
        }
        yield Computed(
            FeatureMaps(
                case.name, self.model, case.task, subset, grid, inside, maps, windows, facts
            )
        )


class FeatureEngine(MarkingEngine):
    """Two models that have features."""

    session_type = FeatureSession


class FeaturesWalk(CasePanelWalk):
    """Maps, points and measures."""

    FIRST = (("open_case", 0), ("compute", 0), ("finish", 0))

    def model(self, n: int) -> None:
        self.control.choose_model(MODELS[n % 2])

    def compute(self, _: int) -> None:
        self.control.compute()

    def look(self, n: int) -> None:
        how = tuple(How)[n // 4 % 4]
        self.control.show_features(FeatureView(KINDS[n % 4], how, n % CHANNELS))

    def panes(self, n: int) -> None:
        self.control.side_by_side(n % 2 > 0)

    def plot(self, n: int) -> None:
        kinds = (("shared", "specific"), ("fused",), ("imputed",))[n % 3]
        self.control.plot(CloudSettings(kinds))

    def colour(self, n: int) -> None:
        self.control.colour_by(("modality", "kind", "region")[n % 3])

    def mark(self, n: int) -> None:
        if self.state.cloud is not None:
            points = np.zeros(len(self.state.cloud.xy), bool)
            points[: n % 5] = True
            self.control.marks.mark(points)

    def mark_label(self, _: int) -> None:
        self.control.marks.mark_label()

    def measure(self, _: int) -> None:
        self.control.measure()

    def copy(self, _: int) -> None:
        self.control.command()

    # -- what must hold

    def _is_right(self) -> None:
        state, maps = self.state, self.state.maps
        assert maps is None or maps.case == state.case
        assert maps is None or maps.model == state.model
        assert (state.cloud is None) or maps is not None
        assert state.marked is None or len(state.marked.points) == len(state.cloud.xy)
        assert state.measures is None or maps is not None
        pictures = list(of_kind(self.viewer, "features"))
        if maps is None:
            assert not pictures
            assert not list(of_kind(self.viewer, "marked"))
        elif self._jobs.idle:
            self._are_what_they_say(pictures)

    def _are_what_they_say(self, pictures: list[Any]) -> None:
        maps, view = self.state.maps, self.state.feature_view
        try:
            made = make_pictures(maps, view.kind, view.how, view.channel)
        except ShaspecError:
            return  # asked for, refused with a message, and the pictures before are shown
        expected = {picture.name: picture.array for picture in made}
        for layer in pictures:
            assert origin(layer)["case"] == maps.case
            subset = origin(layer)["provenance"]["subset"]
            assert subset == maps.task.subset_name(maps.present), layer.name
            if not layer.name.startswith("mine"):
                np.testing.assert_array_equal(layer.data, expected[layer.name], layer.name)

    def _is_left(self) -> None:
        kinds = ("features", "marked")
        assert not [layer for kind in kinds for layer in of_kind(self.viewer, kind)]


OFTEN = ("compute", "compute", "finish", "work", "look", "look", "mark", "tick", "panes")
FeaturesWalk.ACTIONS = (*OFTEN, *JOBS, *CASES, *names_of(FeaturesWalk, ViewerSteps))
