"""Shows groups of layers in panes side by side, and restores the layers afterwards."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from napari_shaspec.jobs.turns import Steps, at_once
from napari_shaspec.layers.batch import batch
from napari_shaspec.layers.metadata import set_visible

if TYPE_CHECKING:
    from napari.components import ViewerModel
    from napari.layers import Layer


class Arrangement:
    """Saved order and visibility of the layers of a viewer."""

    def __init__(self, viewer: ViewerModel) -> None:
        self._viewer = viewer
        self._visible = {layer: layer.visible for layer in viewer.layers}

    def restore(self) -> None:
        """Restores order and visibility; newer layers stay on top."""
        layers = list(self._viewer.layers)
        for layer in layers:
            layer.name_overlay.visible = False
            layer.visible = self._visible.get(layer, layer.visible)
        newer = [layer for layer in layers if layer not in self._visible]
        raise_layers(self._viewer, [*(la for la in self._visible if la in layers), *newer])


class Panes:
    """napari's grid mode for groups of layers of equal size, the first group in the first pane."""

    def __init__(self, viewer: ViewerModel) -> None:
        self._viewer = viewer
        self._before: Arrangement | None = None
        self._groups: list[tuple[Layer, ...]] = []
        self._grid: dict[str, Any] = {}  # the user's settings of the grid

    @property
    def open(self) -> bool:
        """Whether the panes are shown."""
        return self._before is not None

    def show(self, groups: Sequence[tuple[Layer, ...]], titles: Sequence[Layer]) -> None:
        """Shows these groups and hides all other layers, in this turn; see `showing`."""
        at_once(self.showing(groups, titles))

    def showing(self, groups: Sequence[tuple[Layer, ...]], titles: Sequence[Layer]) -> Steps:
        """Shows these groups and hides all other layers, in steps.

        Args:
            groups: the layers of each pane, from bottom to top.
            titles: the layers whose names are the titles of the panes.
        """
        groups = [tuple(group) for group in groups]
        first, others = not self.open, groups != self._groups
        if others:
            self.pause()
        self._before = self._before or Arrangement(self._viewer)
        self._groups = groups
        if others:
            shown = {layer for group in groups for layer in group}
            with batch(self._viewer):
                for layer in self._viewer.layers:
                    if layer not in shown or not first:
                        self._set(layer, layer in shown, layer in titles)
            for group in groups if first else ():
                yield
                if self._groups is not groups:  # others are shown now, or none
                    return
                with batch(self._viewer):
                    for layer in group:
                        self._set(layer, True, layer in titles)
        with batch(self._viewer):
            # napari fills the grid from the top of the list and counts hidden layers too.
            raise_layers(self._viewer, [layer for group in groups[::-1] for layer in group])
        if first:
            yield
            if self._groups is not groups:
                return
        grid = self._viewer.canvas.grid
        if first:
            self._grid = {"stride": grid.stride, "shape": grid.shape}
        grid.stride = -max(map(len, groups), default=1)
        grid.shape = (-1, -1)
        grid.enabled = True
        if first:
            self._viewer.reset_view()

    @staticmethod
    def _set(layer: Layer, visible: bool, titled: bool) -> None:
        set_visible(layer, visible)
        layer.name_overlay.visible = titled

    def pause(self) -> None:
        """Turns the grid off while layers are added or removed, which is slow with the grid."""
        if self.open:
            self._viewer.canvas.grid.enabled = False

    def leave(self) -> None:
        """Leaves the grid and restores the layers."""
        if self._before is None:
            return
        before, self._before, self._groups = self._before, None, []
        grid = self._viewer.canvas.grid
        grid.enabled = False
        for key, value in self._grid.items():
            setattr(grid, key, value)
        with batch(self._viewer):
            before.restore()
        self._viewer.reset_view()


def raise_layers(viewer: ViewerModel, layers: Sequence[Layer]) -> None:
    """Moves ``layers``, from bottom to top, to the top of the list."""
    raised = [layer for layer in layers if layer in viewer.layers]
    if list(viewer.layers)[len(viewer.layers) - len(raised) :] == raised:
        return
    for layer in raised:
        viewer.layers.move(viewer.layers.index(layer), len(viewer.layers))
