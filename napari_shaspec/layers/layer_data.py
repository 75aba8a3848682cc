"""Layer data: plain tuples that napari's readers return and that the viewer adds."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from napari_shaspec.layers.metadata import KEY, LayerMetadata, placement
from shaspec.case import Case
from shaspec.geometry import Grid
from shaspec.task import Task

if TYPE_CHECKING:
    import pandas as pd
    from napari.types import LayerDataTuple

TRUTH = "truth"
GAP = 0.1  # between inputs that share no grid, in parts of their height
SIZE = {"mL": "volume_mL", "px": "area_px"}


def case_layers(case: Case) -> list[LayerDataTuple]:
    """A case as layer data: the list reads in task order, the labels are there but hidden."""
    common: LayerMetadata = {"case": case.name, "notices": case.notices}
    layers = [
        image_layer(
            case.volumes[name],
            {
                **modality_origin(case.task, name),
                "path": case.files.get(name),
                "grid": grid,
                **common,
            },
            name,
        )
        # the last one added is the top of the list
        for name, grid in reversed(shown_on(case).items())
    ]
    if case.labels is not None:
        what: LayerMetadata = {
            "kind": "truth",
            "path": case.files.get("labels"),
            "grid": case.grid,
            **common,
        }
        layers.append(labels_layer(case.labels, what, case.task, TRUTH, visible=False))
    return layers


def shown_on(case: Case) -> dict[str, Grid]:
    """Where each volume is shown: on the grid of the case, or, where they share none, beside each
    other and as high as the first."""
    if case.task.kind == "segmentation":
        return dict.fromkeys(case.present, case.grid)
    grids: dict[str, Grid] = {}
    height, left = case.grid.shape[0] * case.grid.spacing[0], 0.0
    for name in case.present:
        shape = case.grid_of(name).shape
        pixel = height / shape[0]
        # The coordinate is that of the middle of a pixel.
        grids[name] = Grid(shape, (pixel, pixel), ((pixel - 1) / 2, left + (pixel - 1) / 2))
        left += shape[1] * pixel + GAP * height
    return grids


def modality_origin(task: Task, name: str) -> LayerMetadata:
    """What is known of a layer from its modality alone."""
    modality = task.modalities[task.names.index(name)]
    window = modality.window if modality.normalisation == "window" else None
    return {"kind": "modality", "modality": name, "window": window}


def image_layer(array: npt.NDArray[Any], what: LayerMetadata, name: str) -> LayerDataTuple:
    """An image (*spatial) in grey, with contrast limits that a few bright voxels do not spoil.

    One of three channels (3, *spatial) comes in its colours, which napari wants last.
    """
    options = {"name": name, "metadata": {KEY: what}, **placement(what["grid"])}
    if array.ndim > what["grid"].dims:
        return np.moveaxis(array, 0, -1), {**options, "rgb": True}, "image"
    grey = {"colormap": "gray", "contrast_limits": what.get("window") or contrast_limits(array)}
    return array, {**options, **grey}, "image"


def labels_layer(
    labels: npt.NDArray[Any],
    what: LayerMetadata,
    task: Task,
    name: str,
    *,
    visible: bool = True,
    opacity: float = 0.6,
) -> LayerDataTuple:
    """A label map (*spatial) in the colours of the task, with sizes for the hovering mouse."""
    options = {
        "name": name,
        "visible": visible,
        "opacity": opacity,
        "colormap": colormap(task),
        "features": volume_features(labels, what["grid"], task),
        "metadata": {KEY: {**what, "task": task.name, "labels": task.labels}},
        **placement(what["grid"]),
    }
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
    """One row per label value: napari shows it where the mouse hovers and in its features table.

    The column ``index`` is how napari knows which row is which label; the frame's own index is not.
    """
    import pandas as pd

    counts = np.bincount(labels.astype(np.uint8, copy=False).ravel(), minlength=256)
    values = [label.value for label in task.labels]
    return pd.DataFrame(
        {
            "index": [0, *values],
            "region": ["background", *(f"{la.name} ({la.title})" for la in task.labels)],
            SIZE[grid.unit]: [
                np.nan,
                *(round(float(counts[v]) * grid.voxel_size, 2) for v in values),
            ],
        }
    )
