"""Check that a truth lies in the body that the scans show."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np

from shaspec.io.findings.scan import Array, Finding
from shaspec.preprocessing import background
from shaspec.task import Task

OUTSIDE = 0.1  # share of labelled voxels in the background; real cases have none


def stray(labels: Array, volumes: Mapping[str, Array], task: Task) -> Iterator[Finding]:
    """Find labels in the background of every scan.

    Their file may be flipped or transposed under a wrong header, or belong to another patient.

    Args:
        labels: label map (S, P, L), 0 for background.
        volumes: modality -> (S, P, L) of the same shape.
        task: defines the normalisations; only standardised scans (``zscore``) have a background.
    """
    inside = labels > 0
    outside = np.ones(np.count_nonzero(inside), bool)
    for name, volume in volumes.items():
        value = background(volume) if task.modality(name).normalisation == "zscore" else None
        if value is None:
            return
        outside &= volume[inside] == value
    share = outside.mean() if outside.size else 0.0
    if share > OUTSIDE:
        yield Finding(
            "warning",
            f"{share:.0%} of the labelled voxels lie in the background of every scan, so the "
            "labels may be flipped, shifted or of another patient",
            "check the label file over the scans",
        )
