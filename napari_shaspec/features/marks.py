"""Points that the user marked in the scatter plot, and their voxels in the viewer."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from napari_shaspec.features.state import FeaturesState, Marked
from napari_shaspec.jobs.control import JobControl
from napari_shaspec.jobs.turns import Steps, at_once
from napari_shaspec.layers.feature_canvas import FeatureCanvas
from napari_shaspec.layers.features import labels_at, labels_layer

if TYPE_CHECKING:
    from napari.components import ViewerModel


class Marks:
    """Keeps ``marked`` of the state, and the layers of the marked voxels."""

    def __init__(
        self, viewer: ViewerModel, state: FeaturesState, canvas: FeatureCanvas, job: JobControl
    ) -> None:
        self._viewer, self._state, self._canvas, self._job = viewer, state, canvas, job

    def mark(self, points: npt.NDArray[np.bool_]) -> None:
        """Marks points of the cloud, bool (n,), and highlights their voxels in the viewer."""
        cloud, maps = self._state.cloud, self._state.maps
        if cloud is None or maps is None:
            return
        self._state.marked = Marked(points)
        voxels = np.unique(cloud.voxel[points], axis=0)
        self._canvas.mark(maps, voxels, side_by_side=self._state.side_by_side)
        self.arrange()
        self._job.say(f"{points.sum()} points in {len(voxels)} voxels marked")

    def mark_label(self) -> None:
        """Marks the points of the voxels that have the selected label of the active layer."""
        layer, labels = labels_layer(self._viewer), self.labels()
        if self._state.cloud is None:
            return
        if layer is None or labels is None:
            self._job.refuse("no segmentation found: open one, or segment the case first")
            return
        points = labels == layer.selected_label
        self.mark(points)
        self._job.say(
            f"label {layer.selected_label} of {layer.name!r}: {points.sum()} points marked"
        )

    def labels(self) -> npt.NDArray[np.int64] | None:
        """(n,) the label of each point in the segmentation; None without a segmentation."""
        cloud, maps, layer = self._state.cloud, self._state.maps, labels_layer(self._viewer)
        if cloud is None or maps is None or layer is None:
            return None
        return labels_at(layer, maps.grid, cloud.voxel)

    def renew(self) -> None:
        """Marks the same points again after the number of panes has changed."""
        if self._state.marked is not None and self._state.marked.points.any():
            self.mark(self._state.marked.points)

    def clear(self) -> None:
        """Removes the marks."""
        self._state.marked = None
        self._canvas.unmark()
        self.arrange()

    def arrange(self) -> None:
        """Arranges the feature layers and marks in panes, or stacked."""
        at_once(self.arranging())

    def arranging(self) -> Steps:
        """`arrange` in steps."""
        side_by_side = self._state.side_by_side
        yield from self._canvas.arranging(self._state.sources, side_by_side=side_by_side)
