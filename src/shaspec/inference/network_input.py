"""From a volume of a case to what the network reads."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy.typing as npt
import torch
from torch import Tensor

from shaspec.inference.kept import Corner
from shaspec.inference.spacing import resized
from shaspec.inference.windows import Box
from shaspec.preprocessing import bounding_box, content, normalise
from shaspec.task import Modality


@dataclass(frozen=True)
class NetworkInput:
    """One modality, ready for the network."""

    volume: Tensor
    """(C, *spatial), normalised, at the voxel size of the task, on the CPU."""
    box: Box
    """Its foreground, in voxels of ``volume``."""

    @property
    def shape(self) -> Corner:
        """Its size in voxels."""
        return tuple(self.volume.shape[1:])


def network_input(
    volume: npt.NDArray[Any], modality: Modality, shape: Sequence[int]
) -> NetworkInput:
    """Normalise a volume and bring it to the voxel size of the task.

    Args:
        volume: (*spatial), or (C, *spatial) of a modality of C channels, as stored.
        modality: says how it is normalised.
        shape: of the result, see `shaspec.inference.spacing.shape_at`.

    Returns:
        The volume and the box of its foreground.
    """
    values = torch.from_numpy(normalise(volume, modality))
    values = resized(values if modality.channels > 1 else values[None], shape)
    return NetworkInput(values, bounding_box(content(values.numpy(), modality)))
