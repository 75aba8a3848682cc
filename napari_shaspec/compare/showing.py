"""Shows one of two layers, both, or their difference, and flickers. No Qt here."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from napari_shaspec.compare.state import CompareState, Shown
from napari_shaspec.layers.batch import batch
from napari_shaspec.layers.maps import show_map
from napari_shaspec.layers.metadata import of_kind, set_visible

if TYPE_CHECKING:
    from napari.components import ViewerModel
    from napari.layers import Layer

HOLD = "Alt+X"
"""Free in napari, in its menus and in the panel *Segment*."""
COMPARED = "shaspec_compared"
"""In the metadata of the difference layer: its region."""


class Canvas:
    """Hides and shows layers; their voxels are never touched."""

    def __init__(self, viewer: ViewerModel, state: CompareState) -> None:
        self._viewer, self._state = viewer, state
        self._held = False
        self._before: dict[Layer, bool] = {}  # visibility before a swipe, or of the images

    def show(self, shown: Shown) -> None:
        """Shows the first, the second, or the difference in the region of the state."""
        comparison, region = self._state.comparison, self._state.region
        if shown is Shown.DIFFERENCE:
            if comparison is None or region not in comparison.maps:
                return
            if self._drawn() is None or self._drawn_region() != region:
                layer = show_map(self._viewer, comparison.maps[region])
                layer.metadata[COMPARED] = region
                layer.name = f"difference · {region}"
        if shown is Shown.SWIPE and not self._state.two:
            return
        self._state.shown = shown
        self._apply(shown)

    def end(self) -> None:
        """Ends a swipe, and shows and hides what was shown and hidden before it."""
        self._state.swiping = ()
        if self._state.shown is Shown.SWIPE:
            self._state.shown = None
        before, self._before = self._before, {}
        with batch(self._viewer):
            for layer, visible in before.items():
                if layer in self._viewer.layers:
                    set_visible(layer, visible)

    def hold(self, held: bool) -> None:
        """Shows the other one of the two while held."""
        if held == self._held or self._state.first is None or self._state.second is None:
            return
        self._held = held
        shown = self._state.shown or Shown.FIRST
        if held:
            self._apply(Shown.FIRST if shown is Shown.SECOND else Shown.SECOND)
        else:
            self._state.shown = shown
            self._apply(shown)

    def forget(self) -> None:
        """Removes the difference layer, which is of other voxels now."""
        layer = self._drawn()
        if layer is not None:
            self._viewer.layers.remove(layer)
        if self._state.shown is Shown.DIFFERENCE:
            self._state.shown = None
            if self._state.first in self._viewer.layers:
                self.show(Shown.FIRST)

    def _apply(self, shown: Shown) -> None:
        """Shows one layer, or two with a line between them; hides others that would mix with it:
        label maps for label maps, images for images."""
        first, second = self._state.first, self._state.second
        asked = {
            Shown.FIRST: (first,),
            Shown.SECOND: (second,),
            Shown.DIFFERENCE: (self._drawn(),),
            Shown.SWIPE: (first, second),
        }[shown]
        chosen = tuple(la for la in asked if la is not None and la in self._viewer.layers)
        if len(chosen) < len(asked):
            return
        pictures = any(layer in self._state.images for layer in chosen)
        others = (*self._state.choices, *of_kind(self._viewer, "map"))
        group: tuple[Layer, ...] = self._state.images if pictures else others
        if not pictures and shown is not Shown.SWIPE:
            self._before = {}
        elif not self._before:
            self._before = {layer: layer.visible for layer in group}
        with batch(self._viewer):
            for layer in (*group, *chosen):
                set_visible(layer, layer in chosen)
        self._state.swiping = chosen if shown is Shown.SWIPE else ()

    def _drawn(self) -> Layer | None:
        """The difference layer of this panel."""
        maps = of_kind(self._viewer, "map")
        return next((la for la in maps if COMPARED in la.metadata), None)

    def _drawn_region(self) -> str:
        layer = self._drawn()
        return "" if layer is None else str(layer.metadata[COMPARED])


class HoldKey:
    """Binds a key of a viewer that acts as long as it is held, unless it is bound already."""

    def __init__(self, viewer: ViewerModel, hold: Callable[[bool], None]) -> None:
        self._viewer = viewer
        self._bound = HOLD not in {str(key) for key in viewer.keymap}
        if self._bound:

            def pressed(_viewer: ViewerModel) -> Iterator[None]:
                hold(True)
                yield
                hold(False)

            viewer.bind_key(HOLD, pressed)

    def close(self) -> None:
        """Gives the key back."""
        if self._bound:
            self._viewer.bind_key(HOLD, None)
            self._bound = False
