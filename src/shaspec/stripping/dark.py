"""Doubtful voxels that are dark in the mean of several scans are bone or air, not brain.

The network works on voxels of 2.5 mm, and its masks reach into the skull. The tissue of a brain is
dark in one sequence and bright in another, bone and air are dark in all of them. A single scan
cannot tell: in T1ce alone a necrosis at the surface looks like bone.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
from scipy import ndimage

Field = npt.NDArray[np.float32]
Mask = npt.NDArray[np.bool_]

DOUBT = 0.4  # taken from the probability of the darkest voxels: those above 0.9 stay brain
FROM, TO = 1.5, 3.5  # deviations below the median of the brain where this begins, and is complete
MOST = 4.0  # deviations that one scan counts at most, so that none outvotes the others
LEAST = 2  # scans that have to show a voxel
INNER_MM = 10.0  # from the surface: where the intensities of the brain are measured
FEWEST = 1000  # voxels there, below which a scan has no say
NORMAL = 1.35  # distance of the quartiles of a normal distribution, in deviations


def without_dark(
    part: Field, brain: Mask, images: Mapping[str, Field], seen: Mapping[str, Field], mm: float
) -> Field:
    """Take `DOUBT` from the probability of the brain where the scans are dark.

    Args:
        part: (S, P, L) probability of the brain.
        brain: (S, P, L) where it is thought to be.
        images: modality -> scan, (S, P, L) raw intensities. Scale and offset do not matter.
        seen: modality -> 1 where the scan was measured, else 0.
        mm: voxel size.

    Returns:
        The probabilities; as they were where fewer than `LEAST` scans show enough of the brain.
    """
    inner = ndimage.binary_erosion(brain, iterations=max(1, round(INNER_MM / mm)), border_value=1)
    total, weight = np.zeros(part.shape, np.float32), np.zeros(part.shape, np.float32)
    for name, image in images.items():
        values = image[inner & (seen[name] > 0)]
        if values.size < FEWEST:
            continue
        low, middle, high = np.percentile(values, [25, 50, 75])
        if high > low:
            deviations = (image - middle) * np.float32(NORMAL / (high - low))
            total += seen[name] * deviations.clip(-MOST, MOST)
            weight += seen[name]
    below = -total / np.maximum(weight, 1)
    share = np.where(weight >= LEAST, np.clip((below - FROM) / (TO - FROM), 0, 1), 0)
    return np.asarray(part - np.float32(DOUBT) * share, np.float32)
