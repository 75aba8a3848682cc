"""Resampling from the voxel size of a case to that of a task.

Inference and the preparation of training cases both use this module, so that a network gets the
same input in both.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch.nn.functional as F
from torch import Tensor

from shaspec.errors import InputError

CLOSE = 0.05  # relative difference of size below which a volume is not resampled
MOST_VOXELS = 2**27  # of one channel after resampling: 512 MiB of float32


def shape_at(
    shape: Sequence[int], have: Sequence[float], want: Sequence[float], case: str
) -> tuple[int, ...]:
    """The shape of a volume of ``shape`` and voxel size ``have`` (mm) at voxel size ``want`` (mm).

    It is ``shape`` itself where the two differ by at most 5 % along every axis.

    Args:
        case: name for the message.

    Raises:
        InputError: if the result would have more than `MOST_VOXELS` voxels and more than twice
            those of the volume. Raised before anything is allocated.
    """
    lengths = [n * a / b for n, a, b in zip(shape, have, want, strict=True)]
    if math.prod(max(1.0, a) for a in lengths) > max(MOST_VOXELS, 2 * math.prod(shape)):
        raise InputError(
            f"case {case}: its {_times(shape)} voxels of {_times(have)} mm would become "
            f"{_times([max(1.0, a) for a in lengths])} voxels of {_times(want)} mm, more than "
            f"{MOST_VOXELS:,}: check the voxel size in the headers of its files and the spacing of "
            "the task, or crop the files"
        )
    there = tuple(max(1, round(a)) for a in lengths)
    close = all(abs(a - n) <= CLOSE * n for a, n in zip(there, shape, strict=True))
    return tuple(shape) if close else there


def resized(volume: Tensor, shape: Sequence[int], *, labels: bool = False) -> Tensor:
    """``volume`` (C, *spatial) as (C, *shape): linear, or for ``labels`` the nearest voxel."""
    if tuple(volume.shape[1:]) == tuple(shape):
        return volume
    mode = "nearest-exact" if labels else {1: "linear", 2: "bilinear", 3: "trilinear"}[len(shape)]
    result: Tensor = F.interpolate(volume[None], tuple(shape), mode=mode)[0]
    return result


def _times(numbers: Sequence[float]) -> str:
    return " x ".join(f"{n:.4g}" if n < 1e4 else f"{n:.0f}" for n in numbers)
