"""Layers of feature maps over the anatomy, and of voxels marked in the scatter plot."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from napari_shaspec.layers.batch import batch, remove_layers
from napari_shaspec.layers.metadata import (
    KEY,
    LayerMetadata,
    of_kind,
    origin,
    place_of,
    placement,
    transform_of,
)
from shaspec.analysis.features.views import How, imputation_error, views
from shaspec.geometry import Grid
from shaspec.inference.feature_maps import FeatureKind, FeatureMaps

if TYPE_CHECKING:
    from napari.components import ViewerModel
    from napari.layers import Labels, Layer

Array = npt.NDArray[Any]

MARKED = "marked voxels"
MARK_COLOUR = "#ffd400"
COLORMAPS = {How.ENERGY: "viridis", How.DISTANCE: "magma", How.CHANNEL: "viridis"}


@dataclass(frozen=True, eq=False)
class FeatureImage:
    """Data of a layer: values (S, P, L) with contrast limits, or colours (S, P, L, 4)."""

    name: str
    modality: str
    array: Array
    colormap: str = "gray"
    limits: tuple[float, float] = (0.0, 1.0)

    @property
    def rgb(self) -> bool:
        """Whether the array holds colours instead of values."""
        return self.array.ndim == 4


def make_pictures(
    maps: FeatureMaps, kind: FeatureKind, how: How, channel: int
) -> list[FeatureImage]:
    """Makes the pictures, with the same limits for all modalities. Slow: call it in a worker.

    An imputed feature comes with the true feature and the error.
    """
    shown = views(maps, kind, how, channel)
    if kind == "imputed":
        return _imputed(maps, shown, how, channel)
    limits = _limits(shown, maps, how)
    return [_picture(f"{kind} · {m}", m, array, how, limits) for m, array in shown.items()]


def _imputed(
    maps: FeatureMaps, shown: dict[str, Array], how: How, channel: int
) -> list[FeatureImage]:
    true = views(maps, "shared", how, channel)
    limits = _limits(true, maps, how)
    errors = imputation_error(maps)
    pictures = []
    for m, array in shown.items():
        pictures.append(_picture(f"imputed · {m}", m, array, how, limits))
        if m in errors:
            pictures.append(_picture(f"true shared · {m}", m, true[m], how, limits))
            pictures.append(FeatureImage(f"error · {m}", m, errors[m], "magma"))
    return pictures


def _picture(
    name: str, modality: str, array: Array, how: How, limits: tuple[float, float]
) -> FeatureImage:
    return FeatureImage(name, modality, array, COLORMAPS.get(how, "gray"), limits)


def _limits(shown: dict[str, Array], maps: FeatureMaps, how: How) -> tuple[float, float]:
    if how is How.COLOURS or not shown:
        return 0.0, 1.0
    values = np.concatenate([array[maps.inside] for array in shown.values()])
    low, high = (float(v) for v in np.percentile(values, (1, 99)))
    low = 0.0 if how is not How.CHANNEL else low
    return low, max(high, low + 1e-6)


def showing_pictures(
    viewer: ViewerModel, maps: FeatureMaps, pictures: Sequence[FeatureImage]
) -> Iterator[list[Layer]]:
    """Shows the pictures, in steps: a layer is added at each, hidden until they are arranged.

    Reuses a layer of the same modality if possible, because adding a layer is slow; removes layers
    that are not needed.

    Yields:
        The layers that are shown so far; they go with the next model or case, as these may.
    """
    from napari.layers import Image

    free = list(of_kind(viewer, "features"))
    layers: list[Layer] = []
    for picture in pictures:
        alike = (la for la in free if la.rgb == picture.rgb)
        layer = next((la for la in alike if origin(la)["modality"] == picture.modality), None)
        options = _options(picture, maps)
        if layer is None:
            layer = Image(picture.array, **options, visible=False)
        else:
            free.remove(layer)
            layer.data, layer.name = picture.array, picture.name
            layer.scale, layer.translate = options["scale"], options["translate"]
            layer.metadata[KEY] = options["metadata"][KEY]
        if not picture.rgb:
            layer.colormap = picture.colormap
            layer.contrast_limits_range = picture.limits
            layer.contrast_limits = picture.limits
        layers.append(layer)
    new = [layer for layer in layers if layer not in viewer.layers]
    if free:
        with batch(viewer):
            remove_layers(viewer, free)
    for layer in new:
        viewer.layers.append(layer)
        yield [la for la in layers if la in viewer.layers]
    for layer, picture in zip(layers, pictures, strict=True):  # names that were taken before
        layer.name = picture.name
    yield layers


def _options(picture: FeatureImage, maps: FeatureMaps) -> dict[str, Any]:
    metadata: LayerMetadata = {
        "kind": "features",
        "case": maps.case,
        "grid": maps.grid,
        "modality": picture.modality,
        "map": picture.name.partition(" · ")[0],
        "provenance": {"model": maps.model, "subset": maps.task.subset_name(maps.present)},
    }
    return {
        "name": picture.name,
        "rgb": picture.rgb,
        "opacity": 0.75,
        "interpolation2d": "linear",
        "blending": "translucent",
        "metadata": {KEY: metadata},
        **placement(maps.grid),
    }


def remove_pictures(viewer: ViewerModel) -> None:
    """Removes the layers of features and marked voxels."""
    layers = [*of_kind(viewer, "features"), *of_kind(viewer, "marked")]
    if layers:
        with batch(viewer):
            remove_layers(viewer, layers)


# -- voxels and points ---------------------------------------------------------------------------


def show_marked(viewer: ViewerModel, maps: FeatureMaps, voxels: Array, count: int) -> list[Labels]:
    """Highlights voxels (n, 3) of the maps' grid, in ``count`` layers: one per pane."""
    data = np.zeros(maps.grid.shape, np.uint8)
    data[tuple(voxels.T)] = 1
    layers: list[Labels] = list(of_kind(viewer, "marked"))
    remove_layers(viewer, layers[count:])
    new = [_marked(data, maps) for _ in range(count - len(layers))]
    viewer.layers.extend(new)
    layers = [*layers[:count], *new]
    for layer in layers:
        layer.data = data
    return layers


def _marked(data: Array, maps: FeatureMaps) -> Labels:
    from napari.layers import Labels
    from napari.utils.colormaps import DirectLabelColormap

    clear = (0.0, 0.0, 0.0, 0.0)
    metadata: LayerMetadata = {"kind": "marked", "case": maps.case, "grid": maps.grid}
    return Labels(
        data,
        name=MARKED,
        opacity=0.6,
        colormap=DirectLabelColormap(color_dict={None: clear, 0: clear, 1: MARK_COLOUR}),
        metadata={KEY: metadata},
        **placement(maps.grid),
    )


def labels_at(layer: Labels, grid: Grid, voxels: Array) -> npt.NDArray[np.int64]:
    """Values of a labels layer at the centres of voxels (n, 3) of ``grid``; 0 outside the layer."""
    values = np.zeros(len(voxels), np.int64)
    place = place_of(layer.data.shape, transform_of(layer))
    if place is None:  # rotated or sheared: the voxels do not correspond
        return values
    mm = np.array(grid.origin) + voxels * np.array(grid.spacing)
    index = np.round((mm - np.array(place.grid.origin)) / place.grid.spacing).astype(int)
    inside = ((index >= 0) & (index < layer.data.shape)).all(axis=1)
    values[inside] = place.straight(np.asarray(layer.data))[tuple(index[inside].T)]
    return values


def labels_layer(viewer: ViewerModel) -> Labels | None:
    """The active labels layer, else the newest result, else the ground truth; None: none."""
    from napari.layers import Labels

    active = viewer.layers.selection.active
    if isinstance(active, Labels) and origin(active).get("kind") != "marked":
        return active
    others = [*of_kind(viewer, "truth"), *of_kind(viewer, "result")]
    return others[-1] if others else None
