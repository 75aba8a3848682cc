"""The part of a case that is segmented, and its modalities in it, ready for the network."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from shaspec.case import Case
from shaspec.inference.kept import Corner
from shaspec.inference.spacing import resized, shape_at
from shaspec.inference.windows import Box, extract_patch, lengthened, union
from shaspec.preprocessing import bounding_box, content, normalise
from shaspec.task import Task

S = TypeVar("S", bound=np.generic)


@dataclass(frozen=True)
class Frame:
    """A box around what some modalities of a case show."""

    corner: Corner
    """Its first voxel in the case."""
    extent: Corner
    """Voxels of the case that show something."""
    size: Corner
    """The same, rounded up; the frame may end outside of the case."""
    shape: Corner
    """Voxels at the spacing of the task."""

    @property
    def key(self) -> Corner:
        """The frame as numbers, for the key of kept features."""
        return self.corner + self.size

    @property
    def all(self) -> Box:
        """All of it, in voxels at the spacing of the task."""
        return tuple(slice(0, n) for n in self.shape)

    def on_case_grid(
        self, array: npt.NDArray[S], shape: Corner, *, fill: float = 0
    ) -> npt.NDArray[S]:
        """An array (*size) put in its place in a case of ``shape``; ``fill`` around it."""
        whole = np.full(shape, fill, array.dtype)
        place = tuple(slice(c, c + n) for c, n in zip(self.corner, self.extent, strict=True))
        whole[place] = array[tuple(slice(n) for n in self.extent)]
        return whole


@dataclass(frozen=True, eq=False)
class _Content:
    """What one modality shows."""

    volume: Tensor  # (C, *box), normalised, on the CPU
    box: Box  # in voxels of the case


class Inputs:
    """The modalities of one case as a network takes them.

    As in training, a case is cropped to what its present modalities show, and brought to the
    spacing of the task after that: background around it makes no difference.

    Args:
        case: the case.
        task: that of the model, whose spacing counts.

    Raises:
        InputError: if the case is too large at the voxel size of the task.
    """

    def __init__(self, case: Case, task: Task) -> None:
        self._case, self._task = case, task
        self.whole_shape = self._shape(case.grid.shape)
        """Voxels of the whole case at the spacing of the task."""
        self._contents: dict[int, _Content] = {}
        self._volumes: dict[int, tuple[Corner, Tensor]] = {}

    @torch.inference_mode()
    def prepare(self, subset: Sequence[int]) -> Frame:
        """Make the inputs of the modalities ``subset``, which alone decide about their frame."""
        for m in set(subset) - self._contents.keys():
            self._contents[m] = self._content(m)
        frame = self.frame(subset)
        for m in subset:
            if m not in self._volumes or self._volumes[m][0] != frame.key:
                own = self._contents[m]
                corner = [c - s.start for c, s in zip(frame.corner, own.box, strict=True)]
                volume = extract_patch(own.volume, corner, frame.size)
                self._volumes[m] = frame.key, resized(volume, frame.shape)
        return frame

    def frame(self, subset: Sequence[int]) -> Frame:
        """The frame of modalities that were prepared before."""
        box = union([self._contents[m].box for m in subset])
        whole = lengthened(box) if self._task.dims == 3 else box  # a picture has no background
        extent, size = (tuple(s.stop - s.start for s in b) for b in (box, whole))
        return Frame(tuple(s.start for s in box), extent, size, self._shape(size))

    def know(self, subset: Sequence[int]) -> bool:
        """Whether all these modalities were prepared before."""
        return self._contents.keys() >= set(subset)

    def volume(self, modality: int) -> Tensor:
        """(C, *shape) of the frame that was prepared last, normalised, on the CPU."""
        return self._volumes[modality][1]

    def _shape(self, size: Corner) -> Corner:
        return shape_at(size, self._case.grid.spacing, self._task.spacing, self._case.name)

    def _content(self, m: int) -> _Content:
        modality = self._task.modalities[m]
        volume = torch.from_numpy(normalise(self._case.volumes[modality.name], modality))
        volume = volume if modality.channels > 1 else volume[None]
        box = bounding_box(content(volume.numpy(), modality))
        return _Content(volume[(slice(None), *box)].clone(), box)
