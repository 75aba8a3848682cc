"""Three linked planes: the viewer shows the axial one, two more models the others."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_shaspec.jobs.turns import later
from napari_shaspec.layers.mirror import Mirror
from napari_shaspec.layers.orientation import WORLD, Plane, show_plane, sides_of

if TYPE_CHECKING:
    from napari.components import ViewerModel

CLICK = 4  # pixels that the mouse may move between press and release


class Planes:
    """Shows three planes through one point of a viewer, and puts the viewer back afterwards.

    Args:
        viewer: shows the axial plane while the planes are open.
        wait: see `Mirror`.
    """

    def __init__(
        self, viewer: ViewerModel, wait: Callable[[Callable[[], None]], None] = later
    ) -> None:
        # Plugins get a proxy, whose layers and events are proxies too.
        self._viewer, self._wait = getattr(viewer, "__wrapped__", viewer), wait
        self._before: dict[str, Any] = {}
        self._mirrors: list[Mirror] = []
        self._moving = False
        self.models: dict[Plane, ViewerModel] = {}
        """The coronal and the sagittal view while the planes are open."""

    @property
    def open(self) -> bool:
        """Whether the planes are shown."""
        return bool(self.models)

    def enter(self) -> None:
        """Shows the planes; the viewer must have volumes."""
        from napari.components import ViewerModel

        if self.open:
            return
        viewer = self._viewer
        camera, dims, grid = viewer.scene.camera, viewer.dims, viewer.canvas.grid
        self._before = {
            "orientation": camera.orientation,
            "order": dims.order,
            "ndisplay": dims.ndisplay,
            "grid": grid.enabled,
        }
        grid.enabled = False
        dims.ndisplay = 2
        self.models = {plane: ViewerModel() for plane in (Plane.CORONAL, Plane.SAGITTAL)}
        self._paint()
        self._turn()
        viewer.reset_view()
        self._follow()
        self._fill_later(tuple(self.models.values()))

    def leave(self) -> None:
        """Removes the other planes, and restores axes, grid and 3D. The slice stays."""
        if not self.open:
            return
        viewer, before = self._viewer, self._before
        self._unfollow()
        for mirror in self._mirrors:
            mirror.close()
        self._mirrors, self.models = [], {}
        viewer.scene.camera.orientation = before["orientation"]
        if len(before["order"]) == viewer.dims.ndim:
            viewer.dims.order = before["order"]
        viewer.dims.ndisplay = before["ndisplay"]
        viewer.canvas.grid.enabled = before["grid"]
        viewer.reset_view()

    # -- following -----------------------------------------------------------------------------

    def _follow(self) -> None:
        self._viewer.dims.events.point.connect(self._move_to_viewer)
        self._viewer.events.reset_view.connect(self._reset)
        self._viewer.events.theme.connect(self._paint)
        self._viewer.layers.events.inserted.connect(self._turn, position="last")
        self._viewer.mouse_drag_callbacks.append(self._on_mouse)
        for model in self.models.values():
            model.mouse_drag_callbacks.append(self._on_mouse)

    def _unfollow(self) -> None:
        self._viewer.dims.events.point.disconnect(self._move_to_viewer)
        self._viewer.events.reset_view.disconnect(self._reset)
        self._viewer.events.theme.disconnect(self._paint)
        self._viewer.layers.events.inserted.disconnect(self._turn)
        self._viewer.mouse_drag_callbacks.remove(self._on_mouse)
        for model in self.models.values():
            model.dims.events.point.disconnect(self._on_moved)
            model.mouse_drag_callbacks.remove(self._on_mouse)

    def _fill_later(self, models: Sequence[ViewerModel]) -> None:
        """Fills one model after the other, so that the window does not stand still for both."""
        if models:
            self._wait(partial(self._fill, *models))

    def _fill(self, model: ViewerModel, *others: ViewerModel) -> None:
        """Shows the volumes in another plane, unless the planes were closed meanwhile."""
        if not any(model is other for other in self.models.values()):
            return
        self._mirrors.append(Mirror(self._viewer, model, self._wait))
        self._turn()
        model.reset_view()
        self._move_to_viewer()
        model.dims.events.point.connect(self._on_moved)
        self._fill_later(others)

    def _turn(self, *_: object) -> None:
        """Turns all views; without known sides as if the axes were those of this plugin."""
        sides = sides_of(la for la in self._viewer.layers if la.visible) or WORLD
        for plane, view in {Plane.AXIAL: self._viewer, **self.models}.items():
            if view.dims.ndim == len(sides):
                show_plane(view, plane, sides)

    def _reset(self, *_: object) -> None:
        for model in self.models.values():
            model.reset_view()

    def _paint(self, *_: object) -> None:
        for model in self.models.values():
            model.theme = self._viewer.theme

    def _move_to_viewer(self, *_: object) -> None:
        """Moves the other planes to the point of the viewer.

        Only their own slice: napari draws a layer again for every other coordinate that changes.
        """
        self._moving = True  # a plane with fewer layers may not have the slice
        try:
            for model in self.models.values():
                _copy_slice(self._viewer, model, model.dims.order[0])
        finally:
            self._moving = False

    def _on_moved(self, event: Any) -> None:
        """Another plane has another slice: by its slider."""
        model = next(model for model in self.models.values() if model.dims is event.source)
        if not self._moving:
            _copy_slice(model, self._viewer, model.dims.order[0])

    def _on_mouse(self, view: ViewerModel, event: Any) -> Iterator[None]:
        """A plain click moves the planes; a drag moves the picture, as usual in napari."""
        start, place = np.array(event.pos), event.position
        clicked = event.button == 1 and not event.modifiers
        yield
        while event.type == "mouse_move":
            clicked = clicked and np.abs(np.array(event.pos) - start).max() < CLICK
            yield
        active = view.layers.selection.active if view is self._viewer else None
        painting = active is not None and str(active.mode) != "pan_zoom"
        if clicked and not painting and len(place) == self._viewer.dims.ndim:
            self._viewer.dims.point = tuple(place)


def _copy_slice(view: ViewerModel, other: ViewerModel, axis: int) -> None:
    """Moves ``other`` to the slice of ``view`` along one axis."""
    if view.dims.ndim == other.dims.ndim == len(WORLD):
        point = view.dims.point[axis]
        if other.dims.point[axis] != point:
            other.dims.set_point(axis, point)
