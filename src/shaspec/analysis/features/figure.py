"""Figures of features for files: a montage of a slice, and the points of a cohort."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from shaspec.analysis.features.cohort import WindowPoint
from shaspec.analysis.features.palette import COLOURS
from shaspec.analysis.features.views import How, imputation_error, mean_weights, views
from shaspec.case import Case
from shaspec.geometry import Grid
from shaspec.inference.feature_maps import FeatureMaps
from shaspec.task import Task

Array = npt.NDArray[Any]
MARKERS = {"shared": "o", "specific": "^"}
PANEL = 2.4  # inches
ERROR = {"cmap": "magma", "vmin": 0.0, "vmax": 1.0}
"""1: no better than predicting zero."""
WEIGHT = {"cmap": "viridis", "vmin": 0.0, "vmax": 1.0}
BARS = (
    (ERROR, "error, in lengths of the true feature"),
    (WEIGHT, "weight of the modality"),
)


@dataclass(frozen=True)
class _Row:
    """Pictures (S, P, L) or (S, P, L, 4) by modality, with drawing options."""

    title: str
    pictures: Mapping[str, Array]
    grid: Grid
    options: dict[str, Any]


def montage(maps: FeatureMaps, case: Case) -> Figure:
    """Modalities across; down the images, every kind in colours, the error of imputation, and the
    weight of the modality in each output."""
    errors = {against: imputation_error(maps, against) for against in ("shared", "fused")}
    coloured = [kind for kind in maps.kinds if kind != "weight"]  # its channels have a meaning
    rows = [
        _Row("image", case.volumes, case.grid, {"cmap": "gray"}),
        *(_Row(kind, views(maps, kind, How.COLOURS), maps.grid, {}) for kind in coloured),
        *(_Row(f"error to {k}", e, maps.grid, ERROR) for k, e in errors.items() if e),
        *(
            _Row(f"weight, {name}", views(maps, "weight", How.CHANNEL, k), maps.grid, WEIGHT)
            for k, name in enumerate(mean_weights(maps))
        ),
    ]
    names, depth = maps.task.names, _middle(maps)
    left, right, bottom, top = _extent(maps.grid)  # crops the air around the head
    figure = Figure((PANEL * len(names), PANEL * len(rows)), layout="constrained", dpi=120)
    panes = figure.subplots(len(rows), len(names), squeeze=False)
    for row, line in zip(rows, panes, strict=True):
        line[0].set_ylabel(row.title)
        for name, pane in zip(names, line, strict=True):
            _clear(pane)
            pane.set(xlim=(left, right), ylim=(bottom, top), aspect="equal")
            if name in row.pictures:
                picture = row.pictures[name][_slice_at(row.grid, depth)]
                options = {"interpolation": "bilinear"} | row.options
                shown = pane.imshow(picture, extent=_extent(row.grid), **options)
    for name, pane in zip(names, panes[0], strict=True):
        pane.set_title(name if name in maps.present else f"{name} (absent)")
    for options, label in BARS:
        if rows[-1].options is options:
            extend = "max" if options is ERROR else "neither"
            bar = figure.colorbar(shown, ax=panes, shrink=0.25, anchor=(0.0, 0.0), extend=extend)
            bar.set_label(label)
    return figure


def cohort_figure(points: Sequence[WindowPoint], task: Task) -> Figure:
    """The points of a cohort. Colour: modality; circle: shared, triangle: specific."""
    figure = Figure((6.4, 5.2), layout="constrained", dpi=120)
    pane = draw_cohort(figure, points, task)
    pane.legend(loc="center left", bbox_to_anchor=(1, 0.5), frameon=False)
    cases = len({p.case for p in points})
    windows = len({(p.case, p.window) for p in points})
    pane.set_title(f"t-SNE of window means: {windows} windows of {cases} cases")
    return figure


def draw_cohort(figure: Figure, points: Sequence[WindowPoint], task: Task) -> Axes:
    """Draws the points of a cohort with legend labels into an empty figure."""
    pane = figure.subplots()
    for kind, marker in MARKERS.items():
        for name, colour in zip(task.names, COLOURS, strict=False):
            mine = [(p.x, p.y) for p in points if (p.kind, p.modality) == (kind, name)]
            if mine:
                x, y = zip(*mine, strict=True)
                pane.scatter(x, y, s=24, c=colour, marker=marker, alpha=0.8, linewidths=0)
                pane.scatter([], [], c=colour, marker=marker, label=f"{kind} {name}")
    _clear(pane)
    return pane


def _middle(maps: FeatureMaps) -> float:
    """Position in mm of the slice with the most tissue."""
    index = int(maps.inside.sum(axis=(1, 2)).argmax())
    return maps.grid.origin[0] + index * maps.grid.spacing[0]


def _slice_at(grid: Grid, depth: float) -> int:
    index = round((depth - grid.origin[0]) / grid.spacing[0])
    return min(max(index, 0), grid.shape[0] - 1)


def _extent(grid: Grid) -> tuple[float, float, float, float]:
    """Left, right, bottom, top in mm: rows run along P, columns along L."""
    (_, p, la), (_, dp, dl) = grid.origin, grid.spacing
    _, rows, columns = grid.shape
    left, top = la - dl / 2, p - dp / 2
    return left, left + columns * dl, top + rows * dp, top


def _clear(pane: Axes) -> None:
    pane.set_xticks([])
    pane.set_yticks([])
    for spine in pane.spines.values():
        spine.set_visible(False)
