"""Label maps from the probabilities of regions, with another threshold than one half."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from shaspec.errors import InputError
from shaspec.prediction import Prediction
from shaspec.task import Task

THRESHOLD = 0.5
"""Default probability threshold of a region; see `shaspec.inference.outputs.label_map`."""
LIMITS = (0.05, 0.95)
"""Lowest and highest threshold that can be chosen."""


def parse_thresholds(text: str, task: Task) -> dict[str, float]:
    """Read thresholds from text.

    Args:
        text: e.g. ``ET=0.3,WT=0.6``; empty: none.
        task: has the regions.

    Returns:
        Region -> threshold, checked, in the order of the regions of ``task``.

    Raises:
        InputError: for an unknown region, or a value that is not a number within `LIMITS`.
    """
    thresholds: dict[str, float] = {}
    if text and not task.regions:
        raise InputError(f"--threshold: task {task.name!r} has no regions; leave the option out")
    for part in filter(None, (part.strip() for part in text.split(","))):
        name, _, value = part.partition("=")
        try:
            thresholds[name.strip()] = float(value)
        except ValueError:
            raise InputError(
                f"--threshold {part}: give a region and a number, e.g. {task.region_names[0]}=0.3"
            ) from None
    return checked(thresholds, task)


def checked(thresholds: Mapping[str, float], task: Task) -> dict[str, float]:
    """The thresholds other than one half, in the order of the regions of ``task``.

    Raises `InputError` for an unknown region, or a value outside of `LIMITS`.
    """
    low, high = LIMITS
    for name, value in thresholds.items():
        if name not in task.region_names:
            raise InputError(
                f"threshold of {name!r}: task {task.name!r} has the regions "
                f"{', '.join(task.region_names)}"
            )
        if not low <= value <= high:
            raise InputError(f"threshold {value:g} of {name}: give a number from {low} to {high}")
    return {
        name: float(thresholds[name])
        for name in task.region_names
        if thresholds.get(name, THRESHOLD) != THRESHOLD
    }


def thresholded(prediction: Prediction, thresholds: Mapping[str, float]) -> Prediction:
    """The same result with other thresholds; the network does not run.

    Where regions overlap, the smallest wins, as in the result of the network.

    Args:
        prediction: a result with probabilities, as the network made it.
        thresholds: region -> probability threshold; default of a region: one
            half.

    Returns:
        A prediction with new labels, the thresholds in its provenance and the same probabilities;
        ``prediction`` itself if all thresholds are one half.

    Raises:
        InputError: for an unknown region or an impossible value, without probabilities, and for a
            network whose labels exclude each other: it chooses the most probable label, so a
            region has no threshold.
    """
    chosen = checked(thresholds, prediction.task)
    if not chosen:
        return prediction
    if prediction.label_probabilities:
        raise no_threshold(prediction.provenance.get("model", ""))
    task, labels = prediction.task, np.zeros(prediction.grid.shape, np.uint8)
    maps = [prediction.probability(name) for name in task.region_names]
    limits = [chosen.get(name, THRESHOLD) for name in task.region_names]
    for index in range(len(labels)):  # slice by slice: masks of a whole volume take memory
        masks = [values[index] > limit for values, limit in zip(maps, limits, strict=True)]
        if any(mask.any() for mask in masks):
            labels[index] = task.paint(np.stack(masks))
    return replace(
        prediction, labels=labels, provenance={**prediction.provenance, "thresholds": chosen}
    )


def no_threshold(model: str) -> InputError:
    """The error for a network with mutually exclusive labels; ``model`` is its name."""
    return InputError(
        f"model {model!r}: its labels are mutually exclusive, and the most probable "
        "one wins, so regions have no threshold. Leave out the thresholds, or choose another model."
    )
