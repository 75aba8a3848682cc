"""Check that a truth lies in the body that the scans show."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from shaspec.errors import InputError
from shaspec.io.findings.lesion import unlike_lesion
from shaspec.io.findings.scan import Array, Finding
from shaspec.preprocessing import Box, Mask, background, bounding_box
from shaspec.task import Task

BRAIN = 0.8
"""Share of the foreground of every scan; no tumour is as large."""
SPARSE = (slice(None, None, 4),) * 3
"""Some of the voxels, to tell fast that a lesion is much smaller than the head, by"""
CERTAIN = 0.5  # of the share above
MANY = 20_000  # labelled voxels, of which every eighth is enough
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
        labels: label map (S, P, L), uint8, 0 for background.
        volumes: modality -> (S, P, L) of the same shape.
        task: defines the normalisations; only standardised scans (``zscore``) have a background.
        source: of the labels, for messages.
        spacing: of a voxel, mm.

    Raises:
        InputError: for a mask of the brain.
    """
    box = bounding_box(labels)
    inside = labels[box] > 0
    values = {name: background(volume) for name, volume in volumes.items()}
    if task.anatomy == "brain" and _covers_head(inside, box, volumes, values):
        if (labels[box][inside] == labels.max()).all():
            raise InputError(
                f"{source}: its only label covers the whole head, so this is a mask of the brain, "
                "not of a lesion; remove it, or pass the label file"
            )
        yield Finding(
            "warning",
            "the labels cover the whole head, so they may be tissues of the brain and not a lesion",
            "check the label file",
        )
    if np.count_nonzero(inside) > MANY:
        box = tuple(slice(part.start, part.stop, 2) for part in box)
        inside = labels[box] > 0
    outside = np.ones(np.count_nonzero(inside), bool)
    for name, volume in volumes.items():
        value = values[name]
        if value is None or task.modality(name).normalisation != "zscore":
            yield from unlike_lesion(labels, volumes, values, task, spacing)
            return
        outside &= volume[box][inside] == value
    share = outside.mean() if outside.size else 0.0
    if share > OUTSIDE:
        yield Finding(
            "warning",
            f"{share:.0%} of the labelled voxels lie in the background of every scan, so the "
            "labels may be flipped, shifted or of another patient",
            "check the label file over the scans",
        )
    else:
        yield from unlike_lesion(labels, volumes, values, task, spacing)


def _covers_head(
    inside: Mask, box: Box, volumes: Mapping[str, Array], values: Mapping[str, float | None]
) -> bool:
    """Return whether the labelled voxels, ``inside`` a ``box``, cover the foreground of every scan,
    given the background of each."""
    labelled = np.count_nonzero(inside)
    for name, volume in volumes.items():
        value = values[name]
        if value is None or not labelled:
            return False
        some = volume[SPARSE] != value
        if labelled < CERTAIN * BRAIN * some.mean() * volume.size:
            return False
        head = np.count_nonzero(volume != value)
        if not head or np.count_nonzero(volume[box][inside] != value) < BRAIN * head:
            return False
    return bool(volumes)
