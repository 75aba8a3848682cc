"""Which of several series of one modality is preferred."""

from __future__ import annotations

from collections.abc import Sequence

from shaspec.dicom.series import Series

DERIVED = {
    "DERIVED": "derived", "SECONDARY": "derived", "MPR": "reformatted",
    "REFORMATTED": "reformatted",
    "CSA RESAMPLED": "reformatted", "MIP": "projection", "MAX_IP": "projection",
    "MIN_IP": "projection", "PROJECTION IMAGE": "projection", "MOSAIC": "mosaic",
}  # fmt: skip
"""Words of the image type (DICOM PS3.3, C.7.6.1.1.2, and those of the manufacturers)."""
FINER = 0.8
"""A series is finer if its coarsest voxel side is less than this part of the other's."""


def demerits(series: Series) -> tuple[str, ...]:
    """Why other series of the same modality are preferred; empty if there is no reason."""
    return tuple(dict.fromkeys(DERIVED[w] for w in series.first.image_type if w in DERIVED))


def is_repeat(series: Sequence[Series]) -> bool:
    """Return whether the series are acquisitions of the same protocol, e.g. after motion."""
    protocols = {
        (s.description, s.orientation, s.first.shape, s.first.spacing, s.first.echo,
         s.first.repetition, s.first.inversion, bool(s.first.agent))
        for s in series
    }  # fmt: skip
    return len(protocols) == 1


def finer_than(one: Series, other: Series) -> bool:
    """Return whether the coarsest voxel side of ``one`` is clearly smaller."""
    return max(one.spacing) < FINER * max(other.spacing)
