"""Linear centred kernel alignment: similarity of two sets of features (Kornblith et al. 2019)."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt


def linear_cka(x: npt.ArrayLike, y: npt.ArrayLike) -> float:
    """Similarity of features ``x`` (n, p) and ``y`` (n, q) of the same n voxels, 0 to 1.

    ||Y'X||_F^2 / (||X'X||_F ||Y'Y||_F) of the centred features (their Eq. 3 for linear kernels):
    1 for features that differ only by rotation, scale and offset; 0 if a set is constant. It is
    biased upwards for few voxels and many channels; use many more voxels than channels.
    """
    a, b = _centred(x), _centred(y)
    if len(a) != len(b):
        raise ValueError(f"{len(a)} and {len(b)} rows: CKA compares features of the same voxels")
    within = np.linalg.norm(a.T @ a) * np.linalg.norm(b.T @ b)
    return float(np.linalg.norm(b.T @ a) ** 2 / within) if within > 0 else 0.0


def _centred(x: npt.ArrayLike) -> npt.NDArray[np.float64]:
    values = np.asarray(x, np.float64)
    values = values - values.mean(axis=0)
    scale = np.abs(values).max(initial=0.0)
    # Constant features are zero up to rounding. Scaling avoids underflow and changes nothing else.
    if scale <= 1e-12 * np.abs(np.asarray(x, np.float64)).max(initial=0.0):
        return np.zeros_like(values)
    return np.asarray(values / scale)
