"""The feature layers of one viewer: side by side over their images, or stacked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from napari_shaspec.jobs.turns import Steps, at_once
from napari_shaspec.layers import features
from napari_shaspec.layers.batch import remove_layers
from napari_shaspec.layers.features import FeatureImage
from napari_shaspec.layers.metadata import origin
from napari_shaspec.layers.panes import Panes
from shaspec.inference.feature_maps import FeatureMaps

if TYPE_CHECKING:
    from napari.components import ViewerModel
    from napari.layers import Image, Labels, Layer


class FeatureCanvas:
    """Pictures of features, and the layers of marked voxels above them."""

    def __init__(self, viewer: ViewerModel) -> None:
        self._viewer = viewer
        self._panes = Panes(viewer)
        self._pictures: list[Layer] = []  # in the order of the modalities
        self._marks: list[Labels] = []  # one per pane

    def showing(self, maps: FeatureMaps, pictures: Sequence[FeatureImage]) -> Steps:
        """Replaces the shown pictures, in steps; call `arrange` afterwards."""
        if [p.rgb for p in pictures] != [layer.rgb for layer in self._pictures]:
            self._panes.pause()
        for layers in features.showing_pictures(self._viewer, maps, pictures):
            self._pictures = layers
            yield

    def mark(self, maps: FeatureMaps, voxels: npt.NDArray[np.int64], *, side_by_side: bool) -> None:
        """Highlights voxels (n, 3) of the maps' grid in every pane."""
        panes = len(self._pictures) if side_by_side else 1
        count = panes if len(voxels) else 0
        if len(self._marks) != count:
            self._panes.pause()
        self._marks = features.show_marked(self._viewer, maps, voxels, count)

    def unmark(self) -> None:
        """Removes the layers of marked voxels."""
        remove_layers(self._viewer, self._marks)
        self._marks = []

    def arrange(self, sources: Mapping[str, Image | None], *, side_by_side: bool) -> None:
        """Arranges the pictures in this turn; see `arranging`."""
        at_once(self.arranging(sources, side_by_side=side_by_side))

    def arranging(self, sources: Mapping[str, Image | None], *, side_by_side: bool) -> Steps:
        """Shows each picture in a pane over the image of its modality, or all pictures stacked.

        In steps.

        Args:
            sources: modality -> its layer.
            side_by_side: whether to use panes.
        """
        layers = [layer for layer in self._pictures if layer in self._viewer.layers]
        if layers and side_by_side:
            yield from self._panes.showing(self._groups(layers, sources), layers)
            return
        self._panes.leave()
        if layers:
            for layer in layers:  # the first only: they would hide each other
                layer.visible = layer is layers[0]
            for layer in self._marks:
                layer.visible = True

    def clear(self) -> None:
        """Removes all layers that were added, and restores the others."""
        self._panes.leave()
        features.remove_pictures(self._viewer)
        self._pictures, self._marks = [], []

    def _groups(
        self, layers: list[Layer], sources: Mapping[str, Image | None]
    ) -> list[tuple[Layer, ...]]:
        """Groups each picture with its image, or leaves it alone if several share an image."""
        groups: list[tuple[Layer, ...]] = [(layer,) for layer in layers]
        images = [sources.get(origin(layer)["modality"]) for layer in layers]
        if None not in images and len(set(images)) == len(images):
            groups = [(image, layer) for image, layer in zip(images, layers, strict=True)]
        marks = [layer for layer in self._marks if layer in self._viewer.layers]
        if len(marks) == len(groups):
            groups = [(*group, mark) for group, mark in zip(groups, marks, strict=True)]
        return groups
