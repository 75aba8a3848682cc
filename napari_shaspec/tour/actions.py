"""What *Do it for me* does at each step of the guided tour, in the real panels.

A deed is a generator: it yields the panel whose job is to end before it goes on, so that whoever
drives it may wait without blocking the window. Each deed brings about by itself what it builds on,
so that steps can be done in any order, and finds what the user has done meanwhile as it is.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Mapping
from typing import TYPE_CHECKING, TypeAlias, TypeVar, cast

from napari_shaspec.features.state import FeatureView
from napari_shaspec.layers import presence
from napari_shaspec.layers.metadata import Kind, of_kind
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
"""Yields the panels to wait for."""
Deed: TypeAlias = "Generator[DrivenPanel, None, None]"
ABSENT = "T1ce"  # what the tour takes away
REGION = "TC"  # what T1ce tells most about
OVERLAYS: dict[str, tuple[Kind, ...]] = {
    "Segment": ("result",),
    "Robustness": ("swept", "map"),
    "Features": ("features", "marked"),
}
"""What each panel lays over the images."""


class TourActions:
    """``open_panel`` opens a panel of this plugin by its name, or brings it to the front."""

    def __init__(self, viewer: ViewerModel, open_panel: Callable[[str], DrivenPanel]) -> None:
        self._viewer = viewer
        self._open_panel = open_panel
        self._panels: dict[str, DrivenPanel] = {}

    # -- the panel Segment -------------------------------------------------------------------------

    def meet_the_patient(self) -> Deed:
        panel = yield from self._segment_panel()
        panel.controller.set_view(View.GRID)

    def segment_from_all(self) -> Deed:
        panel = yield from self._segment_panel()
        panel.controller.set_view(View.STACK)
        yield from self._segmented(panel, panel.controller.state.sources)

    def take_t1ce_away(self) -> Deed:
        panel = yield from self._segment_panel()
        panel.controller.set_view(View.STACK)
        yield from self._both(panel)
        yield from self._segmented(panel, _without(panel.controller.state.sources))

    def compare(self) -> Deed:
        """The grid; in the grid, the other of the two results."""
        panel = yield from self._segment_panel()
        control = panel.controller
        again = control.state.view is View.GRID
        yield from self._both(panel)
        control.set_view(View.GRID)
        if again:
            names = _both_names(control.state)
            control.show_result(next(name for name in names if name != control.state.shown))

    def _both(self, panel: SegmentPanel) -> Deed:
        """Sees to it that there are the results with and without T1ce."""
        state = panel.controller.state
        for wanted in (list(state.sources), _without(state.sources)):
            if state.card_in_use.task.subset_name(wanted) not in _results(state):
                yield from self._segmented(panel, wanted)

    def _segmented(self, panel: SegmentPanel, wanted: Iterable[str]) -> Deed:
        """Ticks ``wanted`` and sees to it that their result is there and shown."""
        control, wanted = panel.controller, set(wanted)
        for name in control.state.sources:
            control.tick(name, name in wanted)
        yield panel  # where features are kept, the ticks have started it
        subset = control.state.card_in_use.task.subset_name(control.state.present)
        if subset not in _results(control.state):
            control.segment()
            yield panel
        if subset not in _results(control.state):
            raise InputError(control.state.message.text or "there is no result to go on with")
        control.show_result(subset)

    # -- the panel Robustness ----------------------------------------------------------------------

    def run_all_subsets(self) -> Deed:
        panel = yield from self._swept()
        panel.tabs.setCurrentWidget(panel.heat_map)
        panel.scroll_to(panel.tabs)

    def show_what_each_adds(self) -> Deed:
        panel = yield from self._swept()
        panel.tabs.setCurrentWidget(panel.contributions)
        panel.scroll_to(panel.tabs)

    def show_disagreement(self) -> Deed:
        panel = yield from self._swept()
        regions = panel.controller.state.tables[0].regions
        region = REGION if REGION in regions else regions[0]
        panel.maps.choose_region(region)
        panel.controller.show_disagreement(region)
        yield panel
        panel.scroll_to(panel.maps)

    def _swept(self) -> Steps[RobustnessPanel]:
        """Sees to it that there is a whole table, and that the row of all sequences is shown."""
        panel = yield from self._robustness_panel()
        control = panel.controller
        if not any(table.complete for table in control.state.tables):
            for name in control.state.sources:
                control.tick(name, True)
            control.sweep()
            yield panel
        whole = next((table for table in control.state.tables if table.complete), None)
        if whole is None:
            raise InputError(control.state.message.text or "there is no table to go on with")
        control.show_row(whole.model, max((row.subset for row in whole.rows), key=len))
        return panel

    # -- the panel Features ------------------------------------------------------------------------

    def show_shared(self) -> Deed:
        yield from self._look("shared")

    def show_specific(self) -> Deed:
        yield from self._look("specific")

    def show_stand_in(self) -> Deed:
        yield from self._look("imputed")

    def _look(self, kind: str) -> Deed:
        panel = yield from self._features_panel()
        control, view = panel.controller, FeatureView(kind)
        names = control.state.sources
        wanted = _without(names) if kind == "imputed" else names
        for name in names:  # what was computed before is computed anew for another subset
            control.tick(name, name in wanted)
        yield panel
        control.show_features(view)
        if control.state.maps is None:
            control.compute()
        yield panel
        if control.state.maps is None:
            raise InputError(control.state.message.text or "there are no features to look at")
        control.side_by_side(True)

    # -- what all build on -------------------------------------------------------------------------

    def _segment_panel(self) -> Steps[SegmentPanel]:
        panel = cast("SegmentPanel", (yield from self._open("Segment")))
        control = panel.controller
        for modality in control.state.sources:  # dims again what is not ticked
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
        """The panel in front of the others, without a job."""
        self._leave_others(name)
        panel = self._open_panel(name)
        if self._panels.get(name) is not panel:
            self._panels[name] = panel
            panel.closed.connect(lambda: self._panels.pop(name, None))
        yield panel
        if not panel.controller.state.models:
            raise InputError(f"the tour needs a ShaSpec model of {ABSENT} and other modalities")
        return panel

    def _need_case(self, sources: Mapping[str, object]) -> None:
        """Opens the phantom where a modality has no layer."""
        if not sources or None in sources.values():
            self._viewer.open_sample(PLUGIN, "phantom")
            go_to_most(self._viewer)

    def _leave_others(self, name: str) -> None:
        """One panel at a time has the canvas."""
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
    return [task.subset_name(wanted) for wanted in (state.sources, _without(state.sources))]
