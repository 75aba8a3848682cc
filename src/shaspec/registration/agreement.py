"""How well two scans agree: normalised mutual information (Studholme et al., 1999).

It does not depend on the contrast of the scans: the sum of the entropies of both scans over their
joint entropy, minus 1. 0 means that one scan says nothing about the other.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from shaspec.registration.rigid import Rigid

Array = npt.NDArray[np.float64]

BINS = 48  # classes of intensity of each scan
SMOOTHING = 1.0  # standard deviation in bins; without it the measure is rough between few points
FEWEST = 0.2  # share of the points that have to lie inside of the moving scan
NO_AGREEMENT = -1.0  # of scans that hardly overlap: worse than any overlap


class Agreement:
    """Normalised mutual information of the fixed scan at given points with a moving scan.

    Args:
        points: (3, n) points in mm inside the fixed scan.
        values: (n,) intensities of the fixed scan there, from 0 to 1.
        moving: (*spatial) intensities of the moving scan, from 0 to 1.
        to_voxel: (4, 4), point in mm -> voxel of ``moving``.
    """

    def __init__(
        self, points: Array, values: Array, moving: npt.NDArray[np.float32], to_voxel: Array
    ) -> None:
        self.points = points
        self.moving, self.to_voxel = moving, to_voxel
        self._rows = np.rint(np.clip(values, 0, 1) * (BINS - 1)).astype(np.intp) * BINS
        self._top = np.array(moving.shape)[:, None] - 1.0

    def __call__(self, transform: Rigid) -> float:
        """The agreement if points of the fixed scan lie at ``transform(points)`` in the moving one.

        Points outside of the moving scan do not count. With fewer than a fifth inside, the
        result is -1 plus their share, so that an optimiser moves the scans together.
        """
        matrix = self.to_voxel @ transform.matrix
        voxels = matrix[:3, :3] @ self.points + matrix[:3, 3:]
        inside = np.all((voxels >= 0) & (voxels <= self._top), axis=0)
        share = float(inside.mean())
        if share < FEWEST:
            return NO_AGREEMENT + share
        values = ndimage.map_coordinates(self.moving, voxels[:, inside], order=1, mode="nearest")
        return normalised_information(self._joint(self._rows[inside], values))

    def _joint(self, rows: npt.NDArray[np.intp], values: npt.NDArray[Any]) -> Array:
        """Joint histogram (BINS, BINS); a value between two bins counts partly in both."""
        place = np.clip(values, 0, 1) * (BINS - 1)
        lower = np.minimum(place.astype(np.intp), BINS - 2)
        upper_part = place - lower
        flat = rows + lower
        counts = np.bincount(flat, 1 - upper_part, BINS * BINS)
        counts += np.bincount(flat + 1, upper_part, BINS * BINS)
        joint = counts.reshape(BINS, BINS)
        return np.asarray(ndimage.gaussian_filter(joint, SMOOTHING, mode="constant"))


def normalised_information(joint: Array) -> float:
    """(H(A) + H(B)) / H(A, B) - 1 from a joint histogram (a, b); 0 if one of them is constant."""
    share = joint / joint.sum()
    both = _entropy(share)
    if both <= 0:
        return 0.0
    return (_entropy(share.sum(axis=0)) + _entropy(share.sum(axis=1))) / both - 1


def _entropy(share: Array) -> float:
    some = share[share > 0]
    return float(-(some * np.log(some)).sum())
