"""Groups of layers in panes side by side; leaving gives everything back as it was."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from napari.components import ViewerModel
    from napari.layers import Layer


class Panes:
    """napari's grid for groups of layers of one size, the first group in the first pane."""

    def __init__(self, viewer: ViewerModel) -> None:
        self._viewer = viewer
        self._visible: dict[Layer, bool] = {}
        self._groups: list[tuple[Layer, ...]] = []

    @property
    def open(self) -> bool:
        """The grid is on, and it is ours."""
        return bool(self._groups)

    def show(self, groups: Sequence[tuple[Layer, ...]], titles: Sequence[Layer]) -> None:
        """Shows these groups, each from below, and hides all other layers.

        ``titles`` are the layers that a pane has its title from.
        """
        groups = [tuple(group) for group in groups]
        if groups == self._groups:
            self._viewer.canvas.grid.enabled = True
            return
        again = self.open
        self.pause()
        if not again:
            self._visible = {layer: layer.visible for layer in self._viewer.layers}
        shown = {layer for group in groups for layer in group}
        for layer in self._viewer.layers:
            layer.visible = layer in shown
            layer.name_overlay.visible = layer in titles
        for group in groups[::-1]:  # napari fills the grid from the top of the list
            for layer in group:
                last = len(self._viewer.layers)
                self._viewer.layers.move(self._viewer.layers.index(layer), last)
        self._groups = groups
        self._viewer.canvas.grid.stride = -len(groups[0])
        self._viewer.canvas.grid.shape = (-1, -1)
        self._viewer.canvas.grid.enabled = True
        if not again:
            self._viewer.reset_view()

    def pause(self) -> None:
        """Takes the grid off while layers come and go: with it on, every one of them is dear."""
        if self.open:
            self._viewer.canvas.grid.enabled = False

    def leave(self) -> None:
        """One image over the other again."""
        if not self.open:
            return
        self._groups = []
        self._viewer.canvas.grid.enabled = False
        for layer in self._viewer.layers:
            layer.name_overlay.visible = False
            layer.visible = self._visible.get(layer, layer.visible)
        self._visible = {}
        self._viewer.reset_view()
