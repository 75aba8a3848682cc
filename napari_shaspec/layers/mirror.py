"""Shows the layers of one viewer in another one, which has its own dims and camera."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from napari_shaspec.jobs.turns import later
from napari_shaspec.layers.metadata import origin, set_visible
from napari_shaspec.layers.panes import raise_layers

if TYPE_CHECKING:
    from napari.components import ViewerModel
    from napari.layers import Labels, Layer

PLACE = ("scale", "translate", "rotate", "shear", "affine")
BOTH = ("data", "opacity", "blending", "colormap", *PLACE)
FOLLOWED = {
    "image": (*BOTH, "contrast_limits", "gamma", "interpolation2d"),
    "labels": (*BOTH, "contour", "selected_label", "show_selected_label"),
}
"""The properties that a twin takes over, by type of layer. Other types are not shown."""

COVERING = ("opaque", "translucent", "translucent_no_depth")
"""Blendings in which a layer of opacity 1 hides the layers below it."""


class Mirror:
    """Keeps a twin of every volume that is seen in ``source`` in ``target``.

    A twin has the same array, so it costs no memory; it is made when its layer is first seen.

    Args:
        source: the viewer whose layers are shown. It is not changed.
        target: an empty viewer of its own.
        wait: calls a function when this thread is idle; one stroke can emit many events.
    """

    def __init__(
        self,
        source: ViewerModel,
        target: ViewerModel,
        wait: Callable[[Callable[[], None]], None] = later,
    ) -> None:
        self._source, self._target, self._wait = source, target, wait
        self._twins: dict[Layer, Layer] = {}
        self._watched: list[tuple[Any, Callable[..., None]]] = []
        self._of_layer: dict[Layer, list[tuple[Any, Callable[..., None]]]] = {}
        self._drawn: dict[Layer, Any] = {}  # the slice that a label layer drew last
        self._outdated: set[Layer] = set()  # label layers whose voxels have changed
        for name in ("inserted", "removed", "reordered"):
            self._connect(source.layers.events[name], self._on_layers, self._watched)
        self._on_layers()

    def close(self) -> None:
        """Disconnects from the layers; the target is not needed any more."""
        _disconnect(self._watched)
        for own in self._of_layer.values():
            _disconnect(own)
        self._outdated.clear()

    def _on_layers(self, *_: object) -> None:
        there = [layer for layer in self._source.layers if _is_volume(layer)]
        seen = _seen(there)
        for layer in [la for la in self._of_layer if la not in there]:
            self._forget(layer)
        for layer in there:
            if layer not in self._of_layer:
                own = self._of_layer[layer] = []
                for name in ("visible", "opacity", "blending"):
                    self._connect(layer.events[name], self._on_layers, own)
            self._show(layer, layer in seen)
        raise_layers(self._target, [self._twins[la] for la in there if la in self._twins])

    def _show(self, layer: Layer, visible: bool) -> None:
        """Shows or hides the twin of a layer."""
        twin = self._twins.get(layer)
        if twin is not None:
            set_visible(twin, visible)
        elif visible:
            self._add(layer)

    def _add(self, layer: Layer) -> None:
        from napari.layers import Layer as AnyLayer

        data, options, kind = layer.as_layer_data_tuple()
        twin = AnyLayer.create(data, options, kind)
        own = self._of_layer[layer]
        for name in FOLLOWED[kind]:
            self._connect(layer.events[name], lambda _, name=name: _copy(layer, twin, name), own)
        if kind == "labels":
            self._connect(layer.events.paint, lambda _: self._outdate(layer), own)
            self._connect(layer.events.set_data, lambda _: self._on_drawn(layer), own)
            self._drawn[layer] = self._slice()
        self._twins[layer] = twin
        self._target.layers.append(twin)

    def _forget(self, layer: Layer) -> None:
        _disconnect(self._of_layer.pop(layer))
        self._drawn.pop(layer, None)
        self._outdated.discard(layer)
        twin = self._twins.pop(layer, None)
        if twin is not None and twin in self._target.layers:
            self._target.layers.remove(twin)

    # -- edits ---------------------------------------------------------------------------------

    def _on_drawn(self, layer: Labels) -> None:
        """A layer is drawn after an edit, and after a change of slice, which does not count."""
        before, self._drawn[layer] = self._drawn[layer], self._slice()
        if self._drawn[layer] == before:
            self._outdate(layer)

    def _slice(self) -> Any:
        dims = self._source.dims
        return dims.ndisplay, dims.order, tuple(dims.current_step[k] for k in dims.not_displayed)

    def _outdate(self, layer: Labels) -> None:
        waiting = bool(self._outdated)
        self._outdated.add(layer)
        if not waiting:
            self._wait(self._redraw)

    def _redraw(self) -> None:
        outdated, self._outdated = self._outdated, set()
        for layer in outdated:
            if layer in self._twins:
                self._twins[layer].refresh(thumbnail=False, extent=False)

    @staticmethod
    def _connect(
        event: Any, callback: Callable[..., None], noted: list[tuple[Any, Callable[..., None]]]
    ) -> None:
        event.connect(callback)
        noted.append((event, callback))


def _disconnect(noted: list[tuple[Any, Callable[..., None]]]) -> None:
    for event, callback in noted:
        event.disconnect(callback)
    noted.clear()


def _is_volume(layer: Layer) -> bool:
    from napari.layers import Image, Labels

    return isinstance(layer, Image | Labels) and layer.ndim == 3


def _seen(layers: list[Layer]) -> list[Layer]:
    """The visible layers, without those that lie under an opaque modality of the same grid."""
    seen: list[Layer] = []
    cover = None
    for layer in reversed([layer for layer in layers if layer.visible]):
        grid = origin(layer).get("grid") if origin(layer).get("kind") == "modality" else None
        if cover is not None and grid is not None and cover.matches(grid):
            continue
        seen.append(layer)
        if grid is not None and layer.opacity == 1 and layer.blending in COVERING:
            cover = grid
    return seen


def _copy(layer: Layer, twin: Layer, name: str) -> None:
    setattr(twin, name, getattr(layer, name))
