"""Tumour transplant: the labelled voxels of one case, with all modalities, in another one.

After TumorCP (Yang et al., MICCAI 2021, arXiv 2107.09843): the network sees the same tumour in
other surroundings, and the same surroundings with another tumour, at no cost in steps. Volumes are
normalised, so intensities of two cases can be mixed.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from shaspec.preprocessing import Box, bounding_box
from shaspec.training.prepared import PreparedCase

EDGE = 3  # voxels around the labelled ones over which the two cases are mixed
BLUR = 1.0  # voxels, deviation of the edge of the mask

Floats = npt.NDArray[np.float32]
Labels = npt.NDArray[np.uint8]


def transplant(
    images: Floats, labels: Labels, donor: PreparedCase, middle: Box, rng: np.random.Generator
) -> None:
    """Paste the labelled voxels of ``donor``, mirrored at random, somewhere in ``middle``.

    Only where both cases have tissue. Modalities that the donor lacks are left as they are, so
    give a donor that has those of the case.

    Args:
        images: (C, *spatial) normalised, background 0; changed in place.
        labels: (*spatial); changed in place.
        donor: another case of the same task and voxel size, with labels.
        middle: where the centre of the pasted voxels may lie, in voxels of ``labels``.
        rng: draws the place and the mirroring.
    """
    place = _place(images, middle, rng)
    if place is None or not (donor.labels > 0).any():
        return
    patch, lesion = _cut_out(donor, rng)
    here, there = _overlap(place, lesion.shape, labels.shape)
    patch, lesion = patch[(slice(None), *there)], lesion[there]
    target = images[(slice(None), *here)]
    tissue = (target != 0).any(axis=0) & (patch != 0).any(axis=0)
    weight = np.where(tissue, _soft(lesion > 0), 0).astype(np.float32)
    mixed = target + weight * (patch - target)
    # Background of a single modality stays background: 0 says that nothing was measured.
    images[(slice(None), *here)] = np.where((target != 0) & (patch != 0), mixed, target)
    labels[here] = np.where(tissue & (lesion > 0), lesion, labels[here])


def _place(images: Floats, middle: Box, rng: np.random.Generator) -> npt.NDArray[Any] | None:
    """A voxel of tissue in ``middle``; None if there is none."""
    voxels = np.argwhere((images[(slice(None), *middle)] != 0).any(axis=0))
    if not len(voxels):
        return None
    start = np.array([s.start for s in middle])
    return np.asarray(voxels[rng.integers(len(voxels))] + start)


def _cut_out(donor: PreparedCase, rng: np.random.Generator) -> tuple[Floats, Labels]:
    """The box around the labels of a donor and `EDGE` voxels more, mirrored at random."""
    box = tuple(
        slice(max(0, s.start - EDGE), min(n, s.stop + EDGE))
        for s, n in zip(bounding_box(donor.labels > 0), donor.labels.shape, strict=True)
    )
    lesion = np.asarray(donor.labels[box])
    scales = donor.scales.reshape(-1, *(1,) * lesion.ndim)
    patch = donor.images[(slice(None), *box)] * scales
    axes = tuple(axis for axis in range(lesion.ndim) if rng.random() < 0.5)
    return np.flip(patch, tuple(axis + 1 for axis in axes)), np.flip(lesion, axes)


def _overlap(
    centre: npt.NDArray[Any], size: tuple[int, ...], shape: tuple[int, ...]
) -> tuple[Box, Box]:
    """Where a patch of ``size`` around ``centre`` lies in a volume, and which part of it does."""
    here, there = [], []
    for c, n, total in zip(centre.tolist(), size, shape, strict=True):
        first = c - n // 2
        a, b = max(0, first), min(total, first + n)
        here.append(slice(a, b))
        there.append(slice(a - first, b - first))
    return tuple(here), tuple(there)


def _soft(mask: npt.NDArray[np.bool_]) -> Floats:
    """1 in the mask, falling to 0 within `EDGE` voxels around it."""
    blurred = ndimage.gaussian_filter(mask.astype(np.float32), BLUR, truncate=EDGE / BLUR)
    return np.where(mask, np.float32(1), blurred)
