"""Measures that compare a predicted region with the true one."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

Mask = npt.NDArray[np.bool_]


def dice(predicted: npt.NDArray[Any], truth: npt.NDArray[Any]) -> float:
    """Dice coefficient of two masks, 0 to 1; both empty: 1, one empty: 0."""
    size = int(np.count_nonzero(predicted)) + int(np.count_nonzero(truth))
    if size == 0:
        return 1.0
    return 2.0 * int(np.count_nonzero(predicted & truth)) / size
