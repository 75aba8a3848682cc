"""A linear probe: logistic regression of the modality from the feature of a voxel."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from shaspec.inference.feature_maps import Floats

Array = npt.NDArray[Any]


def probe_accuracy(sets: Sequence[Floats], side: npt.NDArray[np.bool_]) -> float:
    """Accuracy of a logistic regression on held-out voxels; chance is 1/M.

    Args:
        sets: features (n, C) of each modality, of the same n voxels.
        side: (n,) the half of the head of each voxel. The probe is fitted on one half and tested on
            the other, and vice versa. With a random split it could memorise voxels, because
            neighbours are almost identical.
    """
    x = np.concatenate(sets).astype(np.float64)
    y = np.repeat(np.arange(len(sets)), len(side))
    part = np.tile(side, len(sets))
    return float(np.mean([_score(x[a], y[a], x[~a], y[~a]) for a in (part, ~part)]))


def halves(inside: npt.NDArray[np.bool_]) -> npt.NDArray[np.bool_]:
    """(n,): whether a voxel inside is in the second half of the head along L."""
    columns = np.nonzero(inside)[-1]
    return np.asarray(columns > np.median(columns))


def _score(x: Array, y: Array, x_test: Array, y_test: Array) -> float:
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    # A loose tolerance suffices: only the accuracy matters.
    probe = make_pipeline(StandardScaler(), LogisticRegression(max_iter=1000, tol=1e-3))
    return float(probe.fit(x, y).score(x_test, y_test))
