"""Three views of a case: stacked layers, one pane per modality, 3D.

A view adds layers (overlays in panes, surfaces) and hides others. Leaving it removes the added
layers and restores the others.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from enum import Enum
from typing import TYPE_CHECKING

from napari_shaspec.jobs.turns import later
from napari_shaspec.layers.batch import batch, remove_layers
from napari_shaspec.layers.layer_data import labels_layer, volume_features
from napari_shaspec.layers.metadata import LayerMetadata, of_kind, origin, set_visible
from napari_shaspec.layers.panes import Arrangement, Panes, raise_layers
from napari_shaspec.layers.results import layer_of
from napari_shaspec.layers.surfaces import head_surface, region_surfaces
from shaspec.prediction import Prediction
from shaspec.task import Task

if TYPE_CHECKING:
    from napari.components import ViewerModel
    from napari.layers import Image, Labels, Layer

FROM_THE_FRONT = (-0.3, 0.8, -0.45)
"""View direction (S, P, L): from the front, above and the left of the patient."""
FILL = 1.3  # zoom in addition to napari's: most of the scan is air
LINKED = ("opacity", "contour", "visible", "selected_label", "show_selected_label")


class View(Enum):
    """A view of a case."""

    STACK = "stack"
    GRID = "grid"
    THREE_D = "3d"


def why_not(view: View, task: Task | None) -> str:
    """Why cases of a task cannot be shown in a view; empty if they can."""
    if task is not None and view is not View.STACK and task.kind == "classification":
        return f"{task.title_names} are already shown side by side"
    if task is not None and view is View.THREE_D and task.dims == 2:
        return "pictures cannot be shown in 3D"
    return ""


class ViewManager:
    """Arranges the layers of one viewer, and restores them when the view is left.

    Args:
        viewer: the viewer.
        left: called when the user has left the panes or the 3D view by a button of napari; it
            should set the view `View.STACK`.
        wait: calls a function when this thread is idle: the grid is off while panes change.
    """

    def __init__(
        self,
        viewer: ViewerModel,
        left: Callable[[], None] = lambda: None,
        wait: Callable[[Callable[[], None]], None] = later,
    ) -> None:
        self._viewer, self._left, self._wait = viewer, left, wait
        self._panes = Panes(viewer)
        self._images: list[Image] = []
        self._overlays: list[Labels] = []  # over the images, one per pane
        self._before: Arrangement | None = None  # of the layers, while in 3D
        self._point: tuple[float, ...] = ()
        self.view = View.STACK
        viewer.dims.events.ndisplay.connect(self._aim_cursor)
        viewer.dims.events.ndisplay.connect(self._on_button)
        viewer.canvas.grid.events.enabled.connect(self._on_button)

    def set_view(
        self, view: View, sources: Mapping[str, Image | None], result: Prediction | None
    ) -> None:
        """Changes the view, or updates the layers of the current one.

        Args:
            view: the view to change to.
            sources: modality -> its layer.
            result: the prediction to show; None: none.
        """
        self._leave()
        if view is View.STACK:  # where the user has turned on napari's own grid or 3D
            self._viewer.canvas.grid.enabled = False
            self._viewer.dims.ndisplay = 2
        self.view = view
        self._images = [layer for layer in sources.values() if layer is not None]
        if view is not View.STACK:
            self._point = self._viewer.dims.point
        if view is View.THREE_D:
            self._enter_3d()
        self.show(result)

    def _aim_cursor(self) -> None:
        """Gives napari's cursor a direction in 3D. It has none until the mouse moves there, and
        until then a Labels layer with features that becomes active raises a TypeError in napari."""
        viewer = getattr(self._viewer, "__wrapped__", self._viewer)  # plugins get a proxy
        dims, camera = viewer.dims, viewer.scene.camera
        if dims.ndisplay == 3 and viewer.cursor._view_direction is None:  # no public way
            aim = camera.calculate_nd_view_direction(dims.ndim, dims.displayed)
            viewer.cursor._view_direction = aim

    def _on_button(self, *_: object) -> None:
        """The grid or 3D was switched, by a button of napari or by this plugin."""
        if self._is_left():
            self._wait(self._notice_left)

    def _is_left(self) -> bool:
        if self.view is View.GRID:
            return not self._viewer.canvas.grid.enabled
        return self.view is View.THREE_D and self._viewer.dims.ndisplay == 2

    def _notice_left(self) -> None:
        if self._is_left():
            self._left()

    def show(self, result: Prediction | None) -> None:
        """Shows one result in the current view, and hides the others."""
        shown = None
        if result is not None:
            shown = layer_of(self._viewer, result)
        for layer in of_kind(self._viewer, "result"):
            set_visible(layer, layer is shown and self.view is View.STACK)
        if shown is not None and self._viewer.layers.selection.active is not shown:
            self._viewer.layers.selection.active = shown  # the status bar names its regions
        if result is not None and shown is not None:  # with edits by hand
            result = replace(result, labels=shown.data)
        if self.view is View.GRID:
            self._fill_panes(result)
        elif result is not None and self.view is View.THREE_D:
            self._fill_3d(result)

    # -- one pane per modality -----------------------------------------------------------------

    def _fill_panes(self, result: Prediction | None) -> None:
        """Shows the result over every image: one label layer per pane, with the same labels."""
        layers = self._viewer.layers
        self._images = [image for image in self._images if image in layers]
        complete = len(self._overlays) == len(self._images)
        if result is not None and not (complete and all(la in layers for la in self._overlays)):
            self._panes.pause()
            with batch(self._viewer):
                # The grid needs one per image; the user may have deleted some.
                remove_layers(self._viewer, self._overlays)
                self._overlays = self._add_overlays(result)
        if result is not None:
            for overlay in self._overlays:
                overlay.data = result.labels
                overlay.features = volume_features(result.labels, result.grid, result.task)
        overlays = self._overlays if result is not None else []
        groups: list[tuple[Layer, ...]] = [(image,) for image in self._images]
        if overlays:
            groups = list(zip(self._images, overlays, strict=True))
        self._panes.show(groups, self._images)
        if overlays:
            layers.selection.active = overlays[0]

    def _add_overlays(self, result: Prediction) -> list[Labels]:
        from napari.layers import Labels

        overlays: list[Labels] = []
        for image in self._images:
            metadata: LayerMetadata = {"kind": "pane", "case": result.case, "grid": result.grid}
            name = f"seg on {image.name}"
            data, options, _ = labels_layer(result.labels, metadata, result.task, name)
            overlays.append(Labels(data, **options))
        if overlays:  # else the user has removed all images
            self._viewer.layers.extend(overlays)
            self._viewer.layers.link_layers(overlays, LINKED)
        return overlays

    # -- in 3D -----------------------------------------------------------------------------------

    def _enter_3d(self) -> None:
        from napari.layers import Layer

        self._before = Arrangement(self._viewer)
        for layer in self._viewer.layers:
            layer.visible = False
        self._viewer.dims.ndisplay = 3
        image = next(iter(self._images), None)
        if image is not None and (grid := origin(image).get("grid")):
            metadata = origin(image)
            window = metadata.get("window")
            head = head_surface(image.data, grid, metadata.get("case", ""), window)
            if head is not None:
                self._viewer.layers.append(Layer.create(*head))
        self._viewer.reset_view()
        camera = self._viewer.scene.camera
        camera.set_view_direction(FROM_THE_FRONT, (1, 0, 0))
        for layer in of_kind(self._viewer, "surface"):  # the head does not fill the scan
            camera.center = tuple(layer.extent.world.mean(axis=0))
            camera.zoom *= FILL

    def _fill_3d(self, result: Prediction) -> None:
        """Adds the region surfaces below the head surface, because inner ones are drawn first."""
        from napari.layers import Layer

        surfaces = list(of_kind(self._viewer, "surface"))
        heads = [layer for layer in surfaces if "subset" not in origin(layer)]
        with batch(self._viewer):
            remove_layers(self._viewer, [layer for layer in surfaces if layer not in heads])
            new = [Layer.create(*surface) for surface in region_surfaces(result)]
        self._viewer.layers.extend(new)
        raise_layers(self._viewer, heads)

    # -- back ------------------------------------------------------------------------------------

    def _leave(self) -> None:
        if self.view is View.STACK:
            return
        self._panes.pause()
        self._viewer.dims.ndisplay = 2
        with batch(self._viewer):
            remove_layers(
                self._viewer, [*of_kind(self._viewer, "pane"), *of_kind(self._viewer, "surface")]
            )
        self._overlays = []
        self._panes.leave()
        if self._before is not None:
            self._before.restore()
            self._before = None
            self._viewer.reset_view()
        self._viewer.dims.point = self._point
