"""Keyboard shortcuts of the panel *Segment* while it is open.

All use Alt: plain digits and letters belong to the tools of the active layer (1 is the eraser of a
labels layer, C the contrast of an image), so a plain key could erase labels by accident.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING

from napari_shaspec.layers.views import View

if TYPE_CHECKING:
    from napari.components import ViewerModel

    from napari_shaspec.segment.controller import SegmentController

MODALITIES = tuple(f"Alt+{digit}" for digit in range(1, 10))
"""One per row of the table, from the top."""
SEGMENT, GRID, COMPARE, UNDO = "Alt+R", "Alt+G", "Alt+B", "Alt+Z"
PLANES, WINDOW = "Alt+O", "Alt+I"
"""Run, grid, previous result, undo, orthogonal planes, intensity window. Alt+S and Alt+C are
screenshots in napari's menu *File*; Alt with F, V, L, P, W or H opens a menu."""

Actions = Mapping[str, Callable[[], None]]


def actions_of(controller: SegmentController) -> Actions:
    """The action of each key, in the viewer and in the panel."""

    def toggle_row(row: int) -> None:
        names = list(controller.state.sources)
        if row < len(names):
            controller.tick(names[row], names[row] not in controller.state.present)

    def toggle_grid() -> None:
        in_grid = controller.state.view is View.GRID
        controller.set_view(View.STACK if in_grid else View.GRID)

    return {
        **{key: partial(toggle_row, row) for row, key in enumerate(MODALITIES)},
        SEGMENT: controller.segment,
        GRID: toggle_grid,
        COMPARE: controller.compare,
        UNDO: controller.undo,
        PLANES: lambda: controller.set_planes(not controller.state.planes),
        WINDOW: controller.windowing.next_preset,
    }


class Keys:
    """Binds keys of a viewer, except those that are already bound."""

    def __init__(self, viewer: ViewerModel, actions: Actions) -> None:
        self._viewer = viewer
        taken = {str(key) for key in viewer.keymap}
        self._bound = [key for key in actions if key not in taken]
        for key in self._bound:
            viewer.bind_key(key, _without_viewer(actions[key]))

    def close(self) -> None:
        """Gives the keys back."""
        for key in self._bound:
            self._viewer.bind_key(key, None)
        self._bound = []


def _without_viewer(action: Callable[[], None]) -> Callable[[ViewerModel], None]:
    """Adapts an action to napari, which calls it with the viewer and uses the return value."""

    def pressed(_viewer: ViewerModel) -> None:
        action()

    return pressed
