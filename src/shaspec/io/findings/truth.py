"""Check that a truth lies in the body that the scans show."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from shaspec.errors import InputError
from shaspec.io.findings.lesion import unlike_lesion
from shaspec.io.findings.scan import Array, Finding
from shaspec.preprocessing import background
from shaspec.task import Task

BRAIN = 0.8
"""Share of the foreground of every scan; no tumour is as large."""
OUTSIDE = 0.1  # share of labelled voxels in the background; real cases have none


def stray(
    labels: Array,
    volumes: Mapping[str, Array],
    task: Task,
    source: str = "labels",
    spacing: Sequence[float] = (1.0, 1.0, 1.0),
) -> Iterator[Finding]:
    """Find labels in the background of every scan, or on tissue like any other.

    Their file may be flipped or transposed under a wrong header, or belong to another patient.

    Args:
        labels: label map (S, P, L), 0 for background.
        volumes: modality -> (S, P, L) of the same shape.
        task: defines the normalisations; only standardised scans (``zscore``) have a background.
        source: of the labels, for messages.
        spacing: of a voxel, mm.

    Raises:
        InputError: for a mask of the brain.
    """
    inside = labels > 0
    if _covers_head(labels, volumes, task):
        if (labels[inside] == labels.max()).all():
            raise InputError(
                f"{source}: its only label covers the whole head, so this is a mask of the brain, "
                "not of a lesion; remove it, or pass the label file"
            )
        yield Finding(
            "warning",
            "the labels cover the whole head, so they may be tissues of the brain and not a lesion",
            "check the label file",
        )
    outside = np.ones(np.count_nonzero(inside), bool)
    for name, volume in volumes.items():
        value = background(volume) if task.modality(name).normalisation == "zscore" else None
        if value is None:
            yield from unlike_lesion(labels, volumes, task, spacing)
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
    else:
        yield from unlike_lesion(labels, volumes, task, spacing)


def _covers_head(labels: Array, volumes: Mapping[str, Array], task: Task) -> bool:
    """Return whether labels cover the foreground of every scan of a brain."""
    inside = labels > 0
    if task.anatomy != "brain" or not inside.any():
        return False
    for volume in volumes.values():
        value = background(volume)
        head = np.count_nonzero(volume != value) if value is not None else 0
        if not head or np.count_nonzero(volume[inside] != value) < BRAIN * head:
            return False
    return True
