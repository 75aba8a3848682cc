"""Layers of a sweep: the result of one subset, and maps that compare subsets.

There is one layer for results and one per kind of map; they are updated to keep the list short.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from napari_shaspec.layers.batch import batch
from napari_shaspec.layers.layer_data import SIZE, labels_layer
from napari_shaspec.layers.metadata import (
    KEY,
    LayerKind,
    LayerMetadata,
    of_kind,
    origin,
    placement,
    set_visible,
)
from napari_shaspec.layers.probabilities import glow
from napari_shaspec.layers.results import checksum
from shaspec.geometry import Grid
from shaspec.prediction import Prediction
from shaspec.task import Subset

if TYPE_CHECKING:
    from napari.components import ViewerModel
    from napari.layers import Labels, Layer
    from napari.types import LayerDataTuple

SIZES = ("#fde725", "#5ec962", "#21918c", "#3b528b", "#440154")
"""Colours by number of modalities, from one upwards: viridis, light is few."""
SIDES = {1: "#2f9bff", 2: "#ff7f2a", 3: "#9a9a9a"}
"""Only the first, only the second, both; safe for colour blindness."""


@dataclass(frozen=True)
class LegendEntry:
    """One entry of a legend."""

    colour: str
    text: str


@dataclass(frozen=True, eq=False)
class Map:
    """Data of a map layer, and its legend."""

    layer: LayerDataTuple
    legend: tuple[LegendEntry, ...]


def disagreement_map(bits: npt.NDArray[np.float32], case: str, grid: Grid, region: str) -> Map:
    """Entropy (*spatial) in bits; transparent where all subsets agree."""
    options = {
        "name": f"disagreement · {region}",
        "colormap": glow("disagreement"),
        "contrast_limits": (0.0, 1.0),
        "blending": "translucent",
        "metadata": {KEY: _origin("disagreement", case, grid)},
        **placement(grid),
    }
    ends = (
        LegendEntry("#781c6d", "few subsets disagree"),
        LegendEntry("#fcffa4", "half of the subsets disagree"),
    )
    return Map((bits, options, "image"), ends)


def smallest_map(
    number: npt.NDArray[np.uint8], subsets: Sequence[Subset], case: str, grid: Grid, region: str
) -> Map:
    """Index of the smallest subset (*spatial) that finds the region; the status bar names it."""
    sizes = sorted({len(subset) for subset in subsets})
    colour = {size: SIZES[min(k, len(SIZES) - 1)] for k, size in enumerate(sizes)}
    texts = {
        k: (colour[len(subset)], f"found by {'+'.join(subset)}")
        for k, subset in enumerate(subsets, 1)
    }
    layer = _labels(number, texts, f"smallest subset · {region}", "smallest", case, grid)
    legend = [LegendEntry(colour[size], _counted(size)) for size in sizes]
    return Map(layer, tuple(legend))


def difference_map(
    parts: npt.NDArray[np.uint8],
    sizes: Mapping[int, float],
    names: tuple[str, str],
    case: str,
    grid: Grid,
    region: str,
) -> Map:
    """Voxels (*spatial) that only the first, only the second, or both assign to a region.

    Args:
        parts: 1, 2 or 3 at each voxel; 0: neither.
        sizes: volume or area of each part.
        names: of the first and the second result.
        case: name of the case.
        grid: of ``parts``.
        region: name of the region.
    """
    here, there = names
    meanings = {1: f"only {here}", 2: f"only {there}", 3: "both"}
    unit, digits = grid.unit, 1 if grid.dims == 3 else 0
    texts = {k: (SIDES[k], f"{text}: {sizes[k]:.{digits}f} {unit}") for k, text in meanings.items()}
    layer = _labels(parts, texts, f"{here} or {there} · {region}", "difference", case, grid)
    return Map(layer, tuple(LegendEntry(*texts[k]) for k in texts))


def show_map(viewer: ViewerModel, new: Map) -> Layer:
    """Adds a map, replacing the map of the same kind; hides other overlays."""
    from napari.layers import Layer

    kind = new.layer[1]["metadata"][KEY]["map"]
    old = next((la for la in of_kind(viewer, "map") if origin(la).get("map") == kind), None)
    if old is not None:
        viewer.layers.remove(old)
    layer = Layer.create(*new.layer)
    viewer.layers.append(layer)
    _hide_others(viewer, layer)
    return layer


def show_row(viewer: ViewerModel, prediction: Prediction, model: str, opacity: float) -> Labels:
    """Shows the result of one subset in the layer of the sweep."""
    from napari.layers import Labels

    subset = prediction.task.subset_name(prediction.subset)
    metadata: LayerMetadata = {
        "kind": "swept",
        "case": prediction.case,
        "grid": prediction.grid,
        "subset": subset,
        "provenance": prediction.provenance,
        "checksum": checksum(prediction.labels),
    }
    name = f"sweep · {subset}" + (f" · {model}" if model else "")
    data, options, _ = labels_layer(
        prediction.labels.copy(), metadata, prediction.task, name, opacity=opacity
    )
    layer = next(iter(of_kind(viewer, "swept")), None)
    if layer is not None and _same_place(layer, prediction):
        layer.data, layer.features = data, options["features"]
        layer.name = name
        layer.metadata[KEY] = options["metadata"][KEY]
        layer.visible = True
    else:
        if layer is not None:
            viewer.layers.remove(layer)
        layer = Labels(data, **options)
        viewer.layers.append(layer)
    _hide_others(viewer, layer)
    return layer


def _same_place(layer: Layer, prediction: Prediction) -> bool:
    return (
        layer.data.shape == prediction.labels.shape
        and origin(layer).get("task") == prediction.task.name
        and origin(layer)["grid"].matches(prediction.grid)
    )


def _hide_others(viewer: ViewerModel, shown: Layer) -> None:
    """Hides other overlays, because their colours would mix."""
    overlays: tuple[LayerKind, ...] = ("result", "swept", "map")
    with batch(viewer):
        for kind in overlays:
            for layer in of_kind(viewer, kind):
                set_visible(layer, layer is shown)
    viewer.layers.selection.active = shown  # for the status bar


def _labels(
    values: npt.NDArray[np.uint8],
    texts: Mapping[int, tuple[str, str]],
    name: str,
    kind: str,
    case: str,
    grid: Grid,
) -> LayerDataTuple:
    import pandas as pd
    from napari.utils.colormaps import DirectLabelColormap

    clear = (0.0, 0.0, 0.0, 0.0)
    colours: dict[int | None, Any] = {None: clear, 0: clear}
    counts = np.bincount(values.ravel(), minlength=256)
    options = {
        "name": name,
        "opacity": 0.7,
        "colormap": DirectLabelColormap(
            color_dict=colours | {k: colour for k, (colour, _) in texts.items()}
        ),
        "features": pd.DataFrame(
            {
                "index": [0, *texts],
                "what": ["background", *(text for _, text in texts.values())],
                SIZE[grid.unit]: [np.nan, *(round(counts[k] * grid.voxel_size, 2) for k in texts)],
            }
        ),
        "metadata": {KEY: _origin(kind, case, grid)},
        **placement(grid),
    }
    return values, options, "labels"


def _origin(kind: str, case: str, grid: Grid) -> LayerMetadata:
    return {"kind": "map", "map": kind, "case": case, "grid": grid}


def _counted(size: int) -> str:
    return "found by 1 modality" if size == 1 else str(size)
