"""A linear probe: can the modality of a voxel be told from its feature?"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from shaspec.inference.feature_maps import Floats

Array = npt.NDArray[Any]


def probe_accuracy(sets: Sequence[Floats], side: npt.NDArray[np.bool_]) -> float:
    """Share of held-out voxels whose modality a logistic regression guesses; 1/M is chance.

    Args:
        sets: one (n, C) per modality, of the same n voxels.
        side: (n,) which of two parts of the head a voxel lies in. The probe learns on one part
            and is asked on the other, then the other way round: neighbours are nearly copies of
            each other, a random split would let the probe remember them.
    """
    x = np.concatenate(sets).astype(np.float64)
    y = np.repeat(np.arange(len(sets)), len(side))
    part = np.tile(side, len(sets))
    return float(np.mean([_score(x[a], y[a], x[~a], y[~a]) for a in (part, ~part)]))


def halves(inside: npt.NDArray[np.bool_]) -> npt.NDArray[np.bool_]:
    """(n,): whether a voxel inside lies in the second half of the head, left to right."""
    where = np.nonzero(inside)[-1]
    return np.asarray(where > np.median(where))


def _score(x: Array, y: Array, x_test: Array, y_test: Array) -> float:
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    # A probe is a question, not a product: the last digits of its weights do not matter.
    probe = make_pipeline(StandardScaler(), LogisticRegression(max_iter=1000, tol=1e-3))
    return float(probe.fit(x, y).score(x_test, y_test))
