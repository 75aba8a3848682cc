"""What *Do it for me* does at each step of the guided tour, in the real panels.

Each action (`TourAction`) is a generator. It yields the panel whose job must end before the action
continues, so that the caller can wait without blocking the window. An action first runs whatever it
depends on and is not there yet, so that steps can be run in any order and results of the user are
reused.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Mapping
from typing import TYPE_CHECKING, TypeAlias, TypeVar, cast

from napari_shaspec.features.state import FeatureView
from napari_shaspec.layers import presence
from napari_shaspec.layers.metadata import LayerKind, of_kind
from napari_shaspec.layers.viewer import go_to_most
from napari_shaspec.layers.views import View
from napari_shaspec.settings import PLUGIN
from shaspec.errors import InputError

if TYPE_CHECKING:
    from napari.components import ViewerModel

    from napari_shaspec.features.panel import FeaturesPanel
    from napari_shaspec.robustness.panel import RobustnessPanel
    from napari_shaspec.segment.panel import SegmentPanel
    from napari_shaspec.segment.state import SegmentState
    from shaspec.models.card import Card

DrivenPanel: TypeAlias = "SegmentPanel | RobustnessPanel | FeaturesPanel"
P = TypeVar("P")
Steps: TypeAlias = "Generator[DrivenPanel, None, P]"
"""Yields the panels whose jobs must end."""
TourAction: TypeAlias = "Generator[DrivenPanel, None, None]"
ABSENT = "T1ce"  # the modality that the tour removes
REGION = "TC"  # the region that depends most on T1ce
OVERLAYS: dict[str, tuple[LayerKind, ...]] = {
    "Segment": ("result",),
    "Robustness": ("swept", "map"),
    "Features": ("features", "marked"),
}
"""Kinds of layers that each panel shows over the images."""


class TourActions:
    """``open_panel`` opens a panel of this plugin by name, or brings it to the front."""

    def __init__(self, viewer: ViewerModel, open_panel: Callable[[str], DrivenPanel]) -> None:
        self._viewer = viewer
        self._open_panel = open_panel
        self._panels: dict[str, DrivenPanel] = {}

    # -- the panel Segment -------------------------------------------------------------------------

    def meet_the_patient(self) -> TourAction:
        panel = yield from self._segment_panel()
        panel.controller.set_view(View.GRID)

    def segment_from_all(self) -> TourAction:
        panel = yield from self._segment_panel()
        panel.controller.set_view(View.STACK)
        yield from self._segmented(panel, panel.controller.state.sources)

    def take_t1ce_away(self) -> TourAction:
        panel = yield from self._segment_panel()
        panel.controller.set_view(View.STACK)
        yield from self._both(panel)
        yield from self._segmented(panel, _without(panel.controller.state.sources))

    def compare(self) -> TourAction:
        """Shows one pane per modality; if they are shown already, switches to the other result."""
        panel = yield from self._segment_panel()
        control = panel.controller
        again = control.state.view is View.GRID
        yield from self._both(panel)
        control.set_view(View.GRID)
        if again:
            names = _both_names(control.state)
            other = next(name for name in names if name != control.state.shown)
            control.show_result(other)

    def _both(self, panel: SegmentPanel) -> TourAction:
        """Makes sure that the results with and without T1ce exist."""
        state = panel.controller.state
        for names in (list(state.sources), _without(state.sources)):
            if state.card_in_use.task.subset_name(names) not in _results(state):
                yield from self._segmented(panel, names)

    def _segmented(self, panel: SegmentPanel, modalities: Iterable[str]) -> TourAction:
        """Ticks ``modalities`` and shows their result, segmenting if needed."""
        control, ticked = panel.controller, set(modalities)
        for name in control.state.sources:
            control.tick(name, name in ticked)
        yield panel  # with cached features, the ticks have started a job
        subset = control.state.card_in_use.task.subset_name(control.state.present)
        if subset not in _results(control.state):
            control.segment()
            yield panel
        if subset not in _results(control.state):
            raise InputError(
                control.state.message.text
                or "no result to continue with: run the panel Segment first"
            )
        control.show_result(subset)

    # -- the panel Robustness ----------------------------------------------------------------------

    def run_all_subsets(self) -> TourAction:
        panel = yield from self._swept()
        panel.tabs.setCurrentWidget(panel.heat_map)
        panel.scroll_to(panel.tabs)

    def show_what_each_adds(self) -> TourAction:
        panel = yield from self._swept()
        panel.tabs.setCurrentWidget(panel.contributions)
        panel.scroll_to(panel.tabs)

    def show_disagreement(self) -> TourAction:
        panel = yield from self._swept()
        regions = panel.controller.state.tables[0].regions
        region = REGION if REGION in regions else regions[0]
        panel.maps.choose_region(region)
        panel.controller.show_disagreement(region)
        yield panel
        panel.scroll_to(panel.maps)

    def _swept(self) -> Steps[RobustnessPanel]:
        """Makes sure that a complete table exists, and shows the row of all modalities."""
        panel = yield from self._robustness_panel()
        control = panel.controller
        if not any(table.complete for table in control.state.tables):
            for name in control.state.sources:
                control.tick(name, True)
            control.sweep()
            yield panel
        complete = next((table for table in control.state.tables if table.complete), None)
        if complete is None:
            raise InputError(
                control.state.message.text
                or "no table to continue with: run the panel Robustness first"
            )
        control.show_row(complete.model, max((row.subset for row in complete.rows), key=len))
        return panel

    # -- the panel Features ------------------------------------------------------------------------

    def show_shared(self) -> TourAction:
        yield from self._look("shared")

    def show_specific(self) -> TourAction:
        yield from self._look("specific")

    def show_stand_in(self) -> TourAction:
        yield from self._look("imputed")

    def _look(self, kind: str) -> TourAction:
        panel = yield from self._features_panel()
        control, view = panel.controller, FeatureView(kind)
        names = control.state.sources
        ticked = _without(names) if kind == "imputed" else names
        for name in names:  # a changed subset updates features already computed
            control.tick(name, name in ticked)
        yield panel
        control.show_features(view)
        if control.state.maps is None:
            control.compute()
        yield panel
        if control.state.maps is None:
            raise InputError(
                control.state.message.text or "no features to show: run the panel Features first"
            )
        control.side_by_side(True)
        self._viewer.reset_view()  # the panel of the tour has made the canvas lower

    # -- shared by the steps -----------------------------------------------------------------------

    def _segment_panel(self) -> Steps[SegmentPanel]:
        panel = cast("SegmentPanel", (yield from self._open("Segment")))
        control = panel.controller
        for modality in control.state.sources:  # dims unticked modalities again
            control.tick(modality, modality in control.state.present)
        control.show_caption()
        if not _fits(control.state.card):
            control.choose_model(control.state.models[0])
        self._need_case(control.state.sources)
        return panel

    def _robustness_panel(self) -> Steps[RobustnessPanel]:
        panel = cast("RobustnessPanel", (yield from self._open("Robustness")))
        state = panel.controller.state
        if not any(_fits(state.card_of[model]) for model in state.chosen):
            panel.controller.choose_models(state.models[:1])
        self._need_case(state.sources)
        return panel

    def _features_panel(self) -> Steps[FeaturesPanel]:
        panel = cast("FeaturesPanel", (yield from self._open("Features")))
        control = panel.controller
        if not _fits(control.state.card):
            control.choose_model(control.state.models[0])
        self._need_case(control.state.sources)
        return panel

    def _open(self, name: str) -> Steps[DrivenPanel]:
        """Opens the panel in front of the others, and waits for its job."""
        self._leave_others(name)
        panel = self._open_panel(name)
        if self._panels.get(name) is not panel:
            self._panels[name] = panel
            panel.closed.connect(lambda: self._panels.pop(name, None))
        yield panel
        if not panel.controller.state.models:
            raise InputError(f"the tour needs a ShaSpec model with {ABSENT} among its modalities")
        return panel

    def _need_case(self, sources: Mapping[str, object]) -> None:
        """Opens the phantom if a modality has no layer."""
        if not sources or None in sources.values():
            self._viewer.open_sample(PLUGIN, "phantom")
            go_to_most(self._viewer)

    def _leave_others(self, name: str) -> None:
        """Removes the views and overlays of the other panels from the canvas."""
        segment, features = (self._panels.get(other) for other in ("Segment", "Features"))
        if segment is not None and name != "Segment":
            control = cast("SegmentPanel", segment).controller
            if control.state.view is not View.STACK:
                control.set_view(View.STACK)
            presence.dim_absent(control.state.sources, control.state.sources)
            presence.name_missing(self._viewer, [])
        if features is not None and name != "Features":
            cast("FeaturesPanel", features).controller.side_by_side(False)
        for other, kinds in OVERLAYS.items():
            for kind in kinds if other != name else ():
                for layer in of_kind(self._viewer, kind):
                    layer.visible = False


def _fits(card: Card | None) -> bool:
    return card is not None and card.method == "shaspec" and ABSENT in card.task.names


def _without(names: Iterable[str]) -> list[str]:
    return [name for name in names if name != ABSENT]


def _results(state: SegmentState) -> list[str]:
    """Names of the subsets that have a result."""
    return [p.task.subset_name(p.subset) for p in state.results]


def _both_names(state: SegmentState) -> list[str]:
    task = state.card_in_use.task
    return [task.subset_name(names) for names in (state.sources, _without(state.sources))]
