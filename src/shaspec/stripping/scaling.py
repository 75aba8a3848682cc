"""What the network sees: a scan with voxels of `VOXEL_MM`, scaled to 0 to 1."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

VOXEL_MM = 2.5
LOWEST, HIGHEST = 1.0, 99.5  # percentiles that become 0 and 1
MOST = 1.5  # brighter voxels are clipped to this


def scaled(image: npt.NDArray[Any]) -> npt.NDArray[np.float32]:
    """Intensities relative to the range of the scan.

    Args:
        image: (S, P, L) raw intensities.

    Returns:
        float32 of the same shape, 0 to `MOST`.
    """
    low, high = np.percentile(image, [LOWEST, HIGHEST])
    values = (image.astype(np.float32) - np.float32(low)) / np.float32(max(high - low, 1e-6))
    return np.asarray(values.clip(0, MOST), np.float32)
