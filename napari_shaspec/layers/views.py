"""Three ways to look at a case: one image over the other, one pane per modality, in 3D.

A way of looking adds layers of its own (panes, surfaces) and hides others; leaving it takes the
former away and gives the latter back as they were.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from enum import Enum
from typing import TYPE_CHECKING

from napari_shaspec.layers.layer_data import labels_layer, volume_features
from napari_shaspec.layers.metadata import LayerMetadata, of_kind, origin
from napari_shaspec.layers.results import find_result
from napari_shaspec.layers.surfaces import head_surface, region_surfaces
from shaspec.prediction import Prediction

if TYPE_CHECKING:
    from napari.components import ViewerModel
    from napari.layers import Image, Labels, Layer

FROM_THE_FRONT = (-0.3, 0.8, -0.45)
"""Direction of view (S, P, L): from before, from above, and from the left of the patient."""
FILL = 1.3  # closer than napari goes by itself: most of what is scanned is air
LINKED = ("opacity", "contour", "visible", "selected_label", "show_selected_label")


class View(Enum):
    """A way to look at a case."""

    STACK = "stack"
    GRID = "grid"
    SPACE = "3d"


class ViewManager:
    """Arranges the layers of one viewer, and remembers how they were before."""

    def __init__(self, viewer: ViewerModel) -> None:
        self._viewer = viewer
        self._visible: dict[Layer, bool] = {}
        self._order: list[Layer] = []
        self._pairs: list[tuple[Image, Labels | None]] = []
        self._point: tuple[float, ...] = ()
        self.view = View.STACK

    def look(
        self, view: View, sources: Mapping[str, Image | None], result: Prediction | None
    ) -> None:
        """Changes the way of looking, or takes up other sources in the same one."""
        self._leave()
        self.view = view
        if view is not View.STACK:
            self._order = list(self._viewer.layers)
            self._point = self._viewer.dims.point
            self._visible = {layer: layer.visible for layer in self._order}
            for layer in self._order:
                layer.visible = False
        if view is View.GRID:
            self._enter_grid(sources)
        elif view is View.SPACE:
            self._enter_space(sources)
        self.show(result)
        if view is View.GRID:  # last: with the grid on, every change of a layer is dear
            self._viewer.canvas.grid.shape = (-1, -1)
            self._viewer.canvas.grid.enabled = True
            self._viewer.reset_view()

    def show(self, result: Prediction | None) -> None:
        """Shows one result, in the present way of looking, and hides the others."""
        shown = None
        if result is not None:
            subset = result.task.subset_name(result.subset)
            shown = find_result(self._viewer, result.case, subset)
        for layer in of_kind(self._viewer, "result"):
            layer.visible = layer is shown and self.view is View.STACK
        if shown is not None:
            self._viewer.layers.selection.active = shown  # the status bar tells its regions
        if result is not None and shown is not None:  # as it was painted since
            result = replace(result, labels=shown.data)
        if result is not None and self.view is View.GRID:
            self._fill_panes(result)
        elif result is not None and self.view is View.SPACE:
            self._fill_space(result)

    # -- one pane per modality -----------------------------------------------------------------

    def _enter_grid(self, sources: Mapping[str, Image | None]) -> None:
        images = [layer for layer in sources.values() if layer is not None]
        for layer in images:
            layer.visible = True
            layer.name_overlay.visible = True
        # With a negative stride napari fills the grid from the top of the list.
        self._raise(images[::-1])
        self._pairs = [(layer, None) for layer in images]
        self._viewer.canvas.grid.stride = -1

    def _fill_panes(self, result: Prediction) -> None:
        """The result over every image: a label layer per pane, all on the same voxels."""
        layers = self._viewer.layers
        if any(image not in layers or pane not in layers for image, pane in self._pairs):
            for _, pane in self._pairs:  # none yet, or one was deleted: the grid counts on pairs
                if pane is not None and pane in layers:
                    layers.remove(pane)
            self._pairs = [(image, None) for image, _ in self._pairs if image in layers]
            self._add_panes(result)
        panes = [pane for _, pane in self._pairs if pane is not None]
        for pane in panes:
            pane.data = result.labels
            pane.features = volume_features(result.labels, result.grid, result.task)
        # Again on top: napari counts hidden layers as well, and a new result is one.
        self._raise([layer for pair in self._pairs[::-1] for layer in pair if layer is not None])
        if panes:
            self._viewer.layers.selection.active = panes[0]

    def _add_panes(self, result: Prediction) -> None:
        from napari.layers import Labels

        images = [image for image, _ in self._pairs]
        panes: list[Labels] = []
        for image in images:
            what: LayerMetadata = {"kind": "pane", "case": result.case, "grid": result.grid}
            name = f"seg on {image.name}"
            data, options, _ = labels_layer(result.labels, what, result.task, name)
            panes.append(Labels(data, **options))
        self._viewer.layers.extend(panes)
        self._viewer.layers.link_layers(panes, LINKED)
        self._viewer.canvas.grid.stride = -2
        self._pairs = list(zip(images, panes, strict=True))

    def _raise(self, layers: list[Layer]) -> None:
        """Moves layers to the top of the list, in their order from below."""
        layers = [layer for layer in layers if layer in self._viewer.layers]
        if list(self._viewer.layers)[len(self._viewer.layers) - len(layers) :] == layers:
            return
        for layer in layers:
            self._viewer.layers.move(self._viewer.layers.index(layer), len(self._viewer.layers))

    # -- in space --------------------------------------------------------------------------------

    def _enter_space(self, sources: Mapping[str, Image | None]) -> None:
        from napari.layers import Layer

        self._viewer.dims.ndisplay = 3
        image = next((layer for layer in sources.values() if layer is not None), None)
        if image is not None and (grid := origin(image).get("grid")):
            what = origin(image)
            head = head_surface(image.data, grid, what.get("case", ""), what.get("window"))
            if head is not None:
                self._viewer.layers.append(Layer.create(*head))
        self._viewer.reset_view()
        camera = self._viewer.scene.camera
        camera.set_view_direction(FROM_THE_FRONT, (1, 0, 0))
        for layer in of_kind(self._viewer, "surface"):  # the head does not fill what was scanned
            camera.center = tuple(layer.extent.world.mean(axis=0))
            camera.zoom *= FILL

    def _fill_space(self, result: Prediction) -> None:
        """The regions below the head in the list: what lies within is drawn first."""
        from napari.layers import Layer

        old = [la for la in of_kind(self._viewer, "surface") if "subset" in origin(la)]
        heads = [la for la in of_kind(self._viewer, "surface") if "subset" not in origin(la)]
        for layer in old:
            self._viewer.layers.remove(layer)
        new = [Layer.create(*surface) for surface in region_surfaces(result)]
        self._viewer.layers.extend(new)
        self._raise(heads)

    # -- back ------------------------------------------------------------------------------------

    def _leave(self) -> None:
        if self.view is View.STACK:
            return
        self._viewer.canvas.grid.enabled = False
        self._viewer.dims.ndisplay = 2
        own = [*of_kind(self._viewer, "pane"), *of_kind(self._viewer, "surface")]
        for layer in own:
            self._viewer.layers.remove(layer)
        there = list(self._viewer.layers)
        for layer in there:
            layer.name_overlay.visible = False
            layer.visible = self._visible.get(layer, layer.visible)
        came = [layer for layer in there if layer not in self._order]
        self._raise([*(la for la in self._order if la in there), *came])
        self._visible, self._order, self._pairs = {}, [], []
        self._viewer.reset_view()
        self._viewer.dims.point = self._point
