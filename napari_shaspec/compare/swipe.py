"""Two layers on two sides of a line: each is clipped by the graphics card, and neither changes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from vispy.visuals.filters import Clipper

from napari_shaspec.compare.divider import Divider
from napari_shaspec.widgets.viewer_window import window_of

if TYPE_CHECKING:
    from napari.components import ViewerModel
    from napari.layers import Layer

FAR = 1e6  # pixels: beyond any canvas


class SideClipper(Clipper):
    """Clips one side of a swipe; vispy has clippers of its own at every node."""


class SwipeView:
    """Shows the first layer left of a line and the second right of it, in 2D and without the grid.

    Args:
        viewer: without a window, nothing is shown.
        moved: called with a fraction of the width when the user drags the line.
    """

    def __init__(self, viewer: ViewerModel, moved: Callable[[float], None]) -> None:
        self._viewer, self._moved = viewer, moved
        self._window = window_of(viewer)
        self._layers: tuple[Layer, ...] = ()
        self._place = 0.5
        self._clipped: list[tuple[Any, SideClipper]] = []  # nodes of the scene, and what clips them
        self.divider: Divider | None = None
        """While two layers are shown."""
        if self._window is not None:
            self._window.destroyed.connect(self._lose)

    def show(self, layers: Sequence[Layer], place: float) -> None:
        """Clips two layers at a fraction of the width; no layers: ends it."""
        if tuple(layers) != self._layers:
            self._follow(bool(layers))
            self._layers = tuple(layers)
        self._place = place
        self._refresh()

    def close(self) -> None:
        """Removes the line and whatever clips a layer."""
        self.show((), self._place)
        self._lose()

    def _follow(self, on: bool) -> None:
        """Follows what a swipe cannot be shown in, and the size of the canvas."""
        if self._window is None or on == bool(self._layers):
            return
        viewer, drawn = self._viewer, self._window.canvas.events.draw
        for event in (viewer.dims.events.ndisplay, viewer.canvas.grid.events.enabled):
            event.connect(self._refresh) if on else event.disconnect(self._refresh)
        drawn.connect(self._fit, position="first") if on else drawn.disconnect(self._fit)

    def _refresh(self, *_: object) -> None:
        window, viewer = self._window, self._viewer
        if window is None:
            return
        flat = viewer.dims.ndisplay == 2 and not viewer.canvas.grid.enabled
        if self._layers and flat:
            if self.divider is None:
                self.divider = Divider(window.canvas.native)
                self.divider.moved.connect(self._moved)
            self.divider.go(self._place)
            self._fit()
        else:
            self._free()
            if self.divider is not None:
                self.divider.end()
                self.divider = None
        window.canvas.native.update()

    def _fit(self, *_: object) -> None:
        """Clips what the layers are drawn with now: napari may exchange it."""
        if self._window is None or self.divider is None:
            return
        visuals = self._window.canvas.layer_to_visual
        nodes = [visuals[layer].node for layer in self._layers if layer in visuals]
        if [node for node, _ in self._clipped] != nodes:
            self._free()
            self._clipped = [(node, SideClipper()) for node in nodes]
            for node, clipper in self._clipped:
                node.attach(clipper)
        native = self._window.canvas.native
        line = self._place * native.width() * native.devicePixelRatioF()
        for (node, clipper), left in zip(self._clipped, (-FAR, line), strict=False):
            bounds = (left, -FAR, FAR + line if left < 0 else FAR, 2 * FAR)
            if tuple(clipper.bounds.pos + clipper.bounds.size) != bounds:
                clipper.bounds = bounds
                node.update()

    def _free(self) -> None:
        for node, clipper in self._clipped:
            node.detach(clipper)
        self._clipped = []

    def _lose(self) -> None:
        """The window is gone, or this has left it."""
        self._window, self.divider, self._clipped = None, None, []
