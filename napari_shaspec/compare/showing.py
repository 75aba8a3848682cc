"""Shows one of two label maps or their difference, and flickers between the two. No Qt here."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from napari_shaspec.compare.state import CompareState, Shown
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
        self._state.shown = shown
        self._apply(shown)

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
        """Shows one layer and hides the other label maps, whose colours would mix with it."""
        chosen = {
            Shown.FIRST: self._state.first,
            Shown.SECOND: self._state.second,
            Shown.DIFFERENCE: self._drawn(),
        }[shown]
        if chosen is None or chosen not in self._viewer.layers:
            return
        with self._viewer.layers.batched_update():
            for layer in (*self._state.choices, *of_kind(self._viewer, "map")):
                set_visible(layer, layer is chosen)
            set_visible(chosen, True)

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
