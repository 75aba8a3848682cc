"""Time of each metric for one region of a case of the size of BraTS.

    python benchmarks/metrics.py

The ground truth is the whole tumour of a phantom. The prediction has a ragged border and false
positives all over the image, so that cropping does not help. Prints seconds on this machine.
"""

from __future__ import annotations

import statistics
import time

import numpy as np
from scipy.ndimage import distance_transform_edt, gaussian_filter

from shaspec.evaluation.metrics import METRICS
from shaspec.evaluation.scoring import TrueRegion
from shaspec.phantom import make_case

SETS = {
    "dice": ("dice",),
    "hd95": ("dice", "hd95_mm"),
    "lesion-wise": ("dice", "lesion_dice", "lesion_hd95_mm"),
    "all": tuple(METRICS),
}


def main() -> None:
    """Time each set of metrics with a prepared ground truth, as for 14 of 15 subsets."""
    case = make_case(9_000_000)
    assert case.labels is not None
    truth = np.isin(case.labels, (1, 2, 4))
    noise = gaussian_filter(np.random.default_rng(0).normal(size=truth.shape), 4)
    predicted = gaussian_filter(truth.astype(np.float32), 2) + 6 * noise > 0.5
    region = TrueRegion(truth, case.grid.spacing)
    region.scores(predicted)
    print(f"{case.grid.shape}, {truth.sum()} true voxels, {predicted.sum()} predicted")
    for name, metrics in SETS.items():
        runs = []
        for _ in range(3):
            start = time.perf_counter()
            region.scores(predicted, metrics)
            runs.append(time.perf_counter() - start)
        print(f"{name:12} {statistics.median(runs):6.3f} s")
    start = time.perf_counter()
    distance_transform_edt(~predicted, sampling=case.grid.spacing)
    print(f"for scale: one distance transform of the whole {time.perf_counter() - start:6.3f} s")


if __name__ == "__main__":
    main()
