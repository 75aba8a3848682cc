"""An interval for the size of each region: its size at a high and at a low probability threshold.

Not a confidence interval: it says how sharp the edge is that the network draws, not how far the
result is from the truth.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from shaspec.prediction import Prediction
from shaspec.thresholds import thresholded

HIGH, LOW = 0.75, 0.25
"""The two thresholds."""
FACT = "size_intervals"
"""The entry of the provenance: region -> smaller and larger size."""

Intervals = dict[str, tuple[float, float]]
"""Region -> its size at the threshold `HIGH` and at `LOW`, in mL or pixels."""


def with_intervals(prediction: Prediction) -> Prediction:
    """The same result with its size intervals in the provenance.

    Args:
        prediction: as the network made it; without probabilities it is returned unchanged.

    Returns:
        A prediction whose sizes at the thresholds 0.75 and 0.25 `size_intervals` returns, in mL or
        pixels.

    Raises:
        InputError: if the probabilities of a region are missing.
    """
    if not prediction.probabilities:
        return prediction
    intervals = {name: list(pair) for name, pair in _intervals(prediction).items()}
    return replace(prediction, provenance={**prediction.provenance, FACT: intervals})


def size_intervals(prediction: Prediction) -> Intervals:
    """The size intervals of a result.

    Args:
        prediction: the result; its own thresholds and edits do not change the intervals.

    Returns:
        Region -> size at the threshold 0.75 and at 0.25, in ``grid.unit``; empty if the
        probabilities of the result were never computed.
    """
    thresholds_used = prediction.provenance.get(FACT, {})
    return {name: (float(low), float(high)) for name, (low, high) in thresholds_used.items()}


def interval_text(interval: tuple[float, float], unit: str) -> str:
    """E.g. ``7.4–11.0 mL``.

    Args:
        interval: the smaller and the larger size.
        unit: mL or px.
    """
    low, high = (f"{size:.{0 if unit == 'px' else 1}f}" for size in interval)
    return f"{low}–{high} {unit}"


def _intervals(prediction: Prediction) -> Intervals:
    names = prediction.task.reported_regions
    if prediction.label_probabilities:  # its labels exclude each other: no thresholds
        voxel = prediction.grid.voxel_size
        return {
            name: (
                np.count_nonzero(prediction.probability(name) > HIGH) * voxel,
                np.count_nonzero(prediction.probability(name) > LOW) * voxel,
            )
            for name in names
        }
    few, many = (
        thresholded(prediction, dict.fromkeys(prediction.task.region_names, limit)).region_sizes()
        for limit in (HIGH, LOW)
    )
    return {name: (few[name], many[name]) for name in names}
