"""A prediction on another grid than the one that it was made on; no torch."""

from __future__ import annotations

from dataclasses import replace

from shaspec.geometry import Grid
from shaspec.io.resample import resample
from shaspec.prediction import Prediction
from shaspec.task_parts import BACKGROUND


def on_grid(prediction: Prediction, grid: Grid) -> Prediction:
    """A prediction resampled to another grid, with a notice in its provenance.

    Args:
        prediction: a prediction on another grid.
        grid: the grid of the result.

    Returns:
        Labels by the nearest voxel, probabilities interpolated.
    """
    here = prediction.grid
    labels = resample(prediction.labels, here, grid, order=0, fill=0)
    maps = {
        name: resample(values, here, grid, order=1, fill=0)
        for name, values in prediction.probabilities.items()
    }
    by_label = {
        name: resample(values, here, grid, order=1, fill=float(name == BACKGROUND))
        for name, values in prediction.label_probabilities.items()
    }
    text = f"segmented on the grid of {prediction.task.subset_name(prediction.subset)} alone"
    facts = prediction.provenance
    facts = facts | {"notices": [*facts["notices"], text]}
    return replace(
        prediction,
        grid=grid,
        labels=labels,
        probabilities=maps,
        label_probabilities=by_label,
        provenance=facts,
    )
