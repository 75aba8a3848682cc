"""Results with the labels that were painted in their layers."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from napari_shaspec.layers.metadata import origin
from napari_shaspec.layers.results import is_edited
from shaspec.prediction import Prediction

if TYPE_CHECKING:
    from napari.layers import Labels


def is_painted(result: Prediction, layer: Labels) -> bool:
    """Return whether the layer has other labels than the result, on the same voxels."""
    return layer.data.shape == result.labels.shape and is_edited(layer)


def painted_copy(result: Prediction, layer: Labels) -> Prediction:
    """A copy of the voxels: the layer may be edited while the copy is in use."""
    facts = {**result.provenance, "edited": True}
    if edits := origin(layer).get("edits"):
        facts["edits"] = list(edits)
    valid = (layer.data >= 0) & (layer.data <= 255)  # others would become labels of the task
    labels = np.where(valid, layer.data, 0).astype("uint8")
    return replace(result, labels=labels, provenance=facts)


def is_same(before: Prediction, now: Prediction) -> bool:
    """Return whether two results have the same labels and provenance."""
    return before.provenance == now.provenance and np.array_equal(before.labels, now.labels)
