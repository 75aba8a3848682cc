"""Layer data tuples, as napari readers return them and the viewer adds them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from napari_shaspec.layers.metadata import KEY, LayerMetadata, placement
from napari_shaspec.layers.voxels import Voxels
from shaspec.case import Case
from shaspec.geometry import Grid
from shaspec.task import Task

if TYPE_CHECKING:
    import pandas as pd
    from napari.types import LayerDataTuple

TRUTH = "truth"
GAP = 0.1  # between inputs without a common grid, as a fraction of their height
SIZE = {"mL": "volume_mL", "px": "area_px"}


def case_layers(case: Case) -> list[LayerDataTuple]:
    """A case as layer data: modalities in task order, then the labels, hidden."""
    common: LayerMetadata = {"case": case.name, "notices": case.notices}
    layers = [
        image_layer(
            case.volumes[name],
            {
                **modality_origin(case.task, name),
                "path": case.files.get(name),
                "channel": case.channels.get(name),
                "reduce": case.reduce,
                "grid": grid,
                **common,
            },
            name,
        )
        # the layer added last is at the top of the list
        for name, grid in reversed(shown_on(case).items())
    ]
    if case.labels is not None:
        metadata: LayerMetadata = {
            "kind": "truth",
            "path": case.files.get("labels"),
            "grid": case.grid,
            **common,
        }
        layers.append(labels_layer(case.labels, metadata, case.task, TRUTH, visible=False))
    return layers


def shown_on(case: Case) -> dict[str, Grid]:
    """Grid of each volume on the canvas: the grid of the case, or, if inputs have no common grid,
    side by side and scaled to the height of the first."""
    if case.task.kind == "segmentation":
        return dict.fromkeys(case.present, case.grid)
    grids: dict[str, Grid] = {}
    height, left = case.grid.shape[0] * case.grid.spacing[0], 0.0
    for name in case.present:
        shape = case.grid_of(name).shape
        pixel = height / shape[0]
        # Coordinates refer to pixel centres.
        grids[name] = Grid(shape, (pixel, pixel), ((pixel - 1) / 2, left + (pixel - 1) / 2))
        left += shape[1] * pixel + GAP * height
    return grids


def modality_origin(task: Task, name: str) -> LayerMetadata:
    """The metadata of a layer that follow from its modality."""
    modality = task.modalities[task.names.index(name)]
    window = modality.window if modality.normalisation == "window" else None
    return {
        "kind": "modality",
        "modality": name,
        "window": window,
        "task": task.name,
        "ct": modality.is_ct,
    }


def image_layer(array: npt.NDArray[Any], metadata: LayerMetadata, name: str) -> LayerDataTuple:
    """An image (*spatial) in grey, with robust contrast limits.

    An image with three channels (3, *spatial) becomes RGB, with the channel axis last for napari.
    """
    options = {"name": name, "metadata": {KEY: metadata}, **placement(metadata["grid"])}
    if array.ndim > metadata["grid"].dims:
        return np.moveaxis(array, 0, -1), {**options, "rgb": True}, "image"
    limits = metadata.get("window") or contrast_limits(array)
    own: LayerMetadata = {**metadata, "contrast": limits, "voxels": Voxels.of(array)}
    grey = {"colormap": "gray", "contrast_limits": limits, "metadata": {KEY: own}}
    return array, {**options, **grey}, "image"


def labels_layer(
    labels: npt.NDArray[Any],
    metadata: LayerMetadata,
    task: Task,
    name: str,
    *,
    visible: bool = True,
    opacity: float = 0.6,
) -> LayerDataTuple:
    """A label map (*spatial) in the colours of the task, with region sizes in the status bar."""
    own = {"task": task.name, "labels": task.labels, "definition": task}
    options = {
        "name": name,
        "visible": visible,
        "opacity": opacity,
        "colormap": colormap(task),
        "features": volume_features(labels, metadata["grid"], task),
        "metadata": {KEY: {**metadata, **own}},
        **placement(metadata["grid"]),
    }
    if not labels.flags.writeable:  # of a file; the brush writes into the array
        labels = labels.copy()
    return labels, options, "labels"


def contrast_limits(array: npt.NDArray[Any]) -> tuple[float, float]:
    """Lower and upper display intensity: background black, the brightest 0.2 percent saturated."""
    steps = (max(1, array.shape[0] // 40), 3, 3) if array.ndim == 3 else (1, 1)
    sample = array[tuple(slice(None, None, step) for step in steps)]
    values = sample[np.isfinite(sample)]
    if values.size == 0 or values.min() == values.max():
        return 0.0, 1.0
    low = float(values.min())
    high = float(np.percentile(values[values > low], 99.8))
    return low, max(high, low + 1e-6)


def colormap(task: Task) -> Any:
    """The colours of the task's labels; everything else is transparent."""
    from napari.utils.colormaps import DirectLabelColormap

    colours: dict[int | None, Any] = {None: (0.0, 0.0, 0.0, 0.0), 0: (0.0, 0.0, 0.0, 0.0)}
    return DirectLabelColormap(
        color_dict=colours | {label.value: label.colour for label in task.labels}
    )


def volume_features(labels: npt.NDArray[Any], grid: Grid, task: Task) -> pd.DataFrame:
    """One row per label value, for napari's status bar and features table.

    napari maps rows to labels by the column ``index``, not by the index of the frame.
    """
    import pandas as pd

    values = [label.value for label in task.labels]
    counts = [np.count_nonzero(labels == value) for value in values]  # bincount copies to int64
    return pd.DataFrame(
        {
            "index": [0, *values],
            "region": ["background", *(f"{la.name} ({la.title})" for la in task.labels)],
            SIZE[grid.unit]: [
                np.nan,
                *(round(count * grid.voxel_size, 2) for count in counts),
            ],
        }
    )
