"""Slices through a segmentation: the image, and the image with labels."""

from __future__ import annotations

import io
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure

from shaspec.case import Case
from shaspec.prediction import Prediction
from shaspec.task import Modality

Array = npt.NDArray[Any]
OPACITY = 0.55
BRIGHTEST = 99.8  # percentile of the intensities shown as white
INCHES = 3.2  # size of a slice
SMALL_INCHES = 1.9  # size of a slice in a comparison


@dataclass(frozen=True)
class Plane:
    """A slice of an array (S, P, L): its axis, and the directions of its four edges."""

    name: str
    axis: int
    left: str
    right: str
    top: str
    bottom: str


PLANES = (
    Plane("axial", 0, "R", "L", "A", "P"),
    Plane("coronal", 1, "R", "L", "S", "I"),
    Plane("sagittal", 2, "A", "P", "S", "I"),
)


def slices_png(case: Case, prediction: Prediction) -> bytes:
    """Three orthogonal slices (2D: the picture), and the same with labels below.

    The image is the first modality of the subset; the patient's right is on the left.
    """
    modality = case.task.modality(prediction.subset[0])
    image = _shown(case.volumes[modality.name], modality)
    colours = _painted(prediction)
    planes: tuple[Plane | None, ...] = PLANES if case.grid.dims == 3 else (None,)
    place = most_of(prediction)
    if case.grid.dims == 3:
        box = _inside(image, prediction)
        image, colours = image[box], colours[box]
        place = tuple(at - side.start for at, side in zip(place, box, strict=True))
    figure = Figure((INCHES * len(planes), 2 * INCHES), facecolor="black", layout="constrained")
    panes = figure.subplots(2, len(planes), squeeze=False)
    for (plain, painted), plane in zip(panes.T, planes, strict=True):
        for pane in (plain, painted):
            _draw(pane, image, plane, place, case)
        _draw(painted, colours, plane, place, case)
        if plane is not None:
            _name(plain, plane)
    return _png(figure)


def comparison_png(case: Case, results: Mapping[str, Prediction]) -> bytes:
    """One axial slice (2D: the picture): the image, then each of ``results`` over it.

    The image is the first modality of the case; the slice is the one with most of the first result.
    """
    first = next(iter(results.values()))
    modality = case.task.modality(case.present[0])
    image = _shown(case.volumes[modality.name], modality)
    plane, place, box = None, most_of(first), tuple(slice(None) for _ in case.grid.shape)
    if case.grid.dims == 3:
        plane, box = PLANES[0], _inside(image, first)
        place = tuple(at - side.start for at, side in zip(place, box, strict=True))
    width = SMALL_INCHES * (1 + len(results))
    figure = Figure((width, 1.35 * SMALL_INCHES), facecolor="black")
    figure.subplots_adjust(left=0.01, right=0.99, bottom=0.02, top=0.87, wspace=0.04)
    panes = figure.subplots(1, 1 + len(results))
    for pane, title in zip(panes, (modality.name, *results), strict=True):
        _draw(pane, image[box], plane, place, case)
        pane.set_title(title, color="#d0d0d0", fontsize=13)  # shown at half the size in a panel
        if title in results:
            _draw(pane, _painted(results[title])[box], plane, place, case)
    return _png(figure)


def _png(figure: Figure) -> bytes:
    data = io.BytesIO()
    figure.savefig(data, format="png", dpi=110)
    return data.getvalue()


def most_of(prediction: Prediction) -> tuple[int, ...]:
    """Per axis, the slice with most of the smallest non-empty region; else the middle."""
    masks = dict(
        zip(
            prediction.task.region_names,
            prediction.task.region_masks(prediction.labels),
            strict=True,
        )
    )
    shape = prediction.labels.shape
    for name in prediction.task.reported_regions:
        if masks[name].any():
            axes = range(len(shape))
            others = [tuple(b for b in axes if b != a) for a in axes]
            return tuple(int(masks[name].sum(axis=other).argmax()) for other in others)
    return tuple(n // 2 for n in shape)


def _shown(array: Array, modality: Modality) -> Array:
    """Display intensities 0 to 1, (*spatial) or (*spatial, 3)."""
    if modality.channels == 3:
        return np.moveaxis(array, 0, -1) / 255
    low, high = modality.window or (float(array.min()), float(np.percentile(array, BRIGHTEST)))
    return np.asarray(np.clip((array - low) / max(high - low, 1e-6), 0, 1))


def _inside(image: Array, prediction: Prediction) -> tuple[slice, ...]:
    """Box of the non-background and labelled voxels, with a margin for the letters."""
    shown = (image > image.min()) | (prediction.labels > 0)
    box = []
    for axis, size in enumerate(shown.shape):
        others = tuple(a for a in range(shown.ndim) if a != axis)
        hits = np.flatnonzero(shown.any(axis=others))
        first, last = (hits[0], hits[-1]) if hits.size else (0, size - 1)
        margin = max(1, size // 16)
        box.append(slice(max(0, int(first) - margin), int(last) + 1 + margin))
    return tuple(box)


def _painted(prediction: Prediction) -> Array:
    """The labels as colours (*spatial, 4), transparent where there is none."""
    table = np.zeros((256, 4), np.float32)
    for label in prediction.task.labels:
        table[label.value] = (*to_rgb(label.colour), OPACITY)
    return np.asarray(table[prediction.labels])


def _draw(pane: Axes, array: Array, plane: Plane | None, at: tuple[int, ...], case: Case) -> None:
    pane.set_axis_off()
    spacing = case.grid.spacing
    if plane is not None:
        array = np.take(array, at[plane.axis], axis=plane.axis)
        spacing = tuple(s for a, s in enumerate(spacing) if a != plane.axis)
        if plane.axis:  # superior is at the top
            array = array[::-1]
    grey: dict[str, Any] = {} if array.ndim == 3 else {"cmap": "gray", "vmin": 0, "vmax": 1}
    pane.imshow(array, aspect=spacing[0] / spacing[1], interpolation="nearest", **grey)


def _name(pane: Axes, plane: Plane) -> None:
    style: dict[str, Any] = {"color": "#d0d0d0", "fontsize": 9, "transform": pane.transAxes}
    pane.text(0.02, 0.5, plane.left, va="center", **style)
    pane.text(0.98, 0.5, plane.right, va="center", ha="right", **style)
    pane.text(0.5, 0.98, plane.top, va="top", ha="center", **style)
    pane.text(0.5, 0.02, plane.bottom, va="bottom", ha="center", **style)
    pane.text(0.02, 0.98, plane.name, va="top", **style)
