"""`FeatureMaps` from the maps of overlapping windows."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from itertools import product
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
import torch.nn.functional as F
from torch import Tensor

from shaspec.case import Case
from shaspec.inference.feature_maps import FeatureKind, FeatureMaps, Floats
from shaspec.inference.frames import Frame
from shaspec.inference.kept import Corner
from shaspec.inference.windows import Box, WindowAggregator
from shaspec.preprocessing import Mask
from shaspec.task import Subset

FINEST = 4  # voxels: finer maps are averaged over blocks of that size, or they would fill memory


class Mosaic:
    """Maps of overlapping windows as a weighted mean on a grid of one voxel per ``stride``.

    A window's corner need not be a multiple of the stride: each of its values is then shared out
    among its neighbours on the grid, as in linear interpolation.
    """

    def __init__(self, box: Box, size: Corner, like: Tensor) -> None:
        self.box = box
        self.stride = tuple(n // s for n, s in zip(size, like.shape[1:], strict=True))
        lengths = (s.stop - s.start for s in box)
        coarse = tuple(
            slice(0, math.ceil(n / s)) for n, s in zip(lengths, self.stride, strict=True)
        )
        self._aggregator = WindowAggregator(like.shape[0], coarse, like.shape[1:], like.device)

    def add(self, values: Tensor, corner: Corner) -> None:
        """Add the map (C, *small) of the window at ``corner`` (voxels of the volume)."""
        at = [(c - s.start) / n for c, s, n in zip(corner, self.box, self.stride, strict=True)]
        for step in product((0, 1), repeat=len(at)):
            parts = [a % 1 if up else 1 - a % 1 for a, up in zip(at, step, strict=True)]
            if share := math.prod(parts):
                place = [math.floor(a) + up for a, up in zip(at, step, strict=True)]
                self._aggregator.add(values, place, share)

    def mean(self) -> Tensor:
        """(C, S, P, L) on the coarse grid."""
        return self._aggregator.mean()


class FeatureMosaic:
    """Collects the feature maps of all windows of a case.

    Args:
        names: the modalities of the task.
        box: the box covered by the windows, in voxels at the spacing of the task.
        size: of a window, in the same voxels.
    """

    def __init__(self, names: Sequence[str], box: Box, size: Corner) -> None:
        self._names, self._box, self._size = names, box, size
        self._mosaics: dict[tuple[FeatureKind, str], Mosaic] = {}
        self._means: dict[tuple[FeatureKind, str], list[Floats]] = {}

    def add(self, kind: FeatureKind, found: Mapping[int, Tensor], corner: Corner) -> None:
        """Add maps (1, C, *small), or vectors (1, C), by modality index."""
        for m, tensor in found.items():
            key, values = (kind, self._names[m]), tensor[0].float()
            mean = values.flatten(1).mean(dim=1) if values.dim() > 1 else values
            self._means.setdefault(key, []).append(mean.cpu().numpy())
            if values.dim() > 1:
                values = coarsened(values, self._size)
                if key not in self._mosaics:
                    self._mosaics[key] = Mosaic(self._box, self._size, values)
                self._mosaics[key].add(values, corner)

    def finish(
        self,
        case: Case,
        present: Subset,
        frame: Frame,
        contents: Sequence[Mask],
        provenance: Mapping[str, Any],
    ) -> FeatureMaps:
        """The collected maps of the part ``frame`` of ``case``.

        ``contents`` are masks of the inputs at the spacing of the task.
        """
        stride = next(iter(self._mosaics.values())).stride
        maps = {key: mosaic.mean().cpu().numpy() for key, mosaic in self._mosaics.items()}
        s, p, la = next(iter(maps.values())).shape[1:]
        ratio = np.divide(frame.size, frame.shape)  # voxels of the case in one of ours
        return FeatureMaps(
            case=case.name,
            model=provenance["model"],
            task=case.task,
            present=present,
            grid=case.grid.blocks(np.array(frame.corner), np.array(stride) * ratio, (s, p, la)),
            inside=np.any([_tissue(m, self._box, stride) for m in contents], axis=0),
            maps=maps,
            windows={key: np.stack(rows) for key, rows in self._means.items()},
            provenance=provenance,
        )


def coarsened(values: Tensor, size: Corner) -> Tensor:
    """A map (C, *small) of a window of ``size``, averaged until its stride is `FINEST`."""
    factors = [max(1, FINEST * small // n) for small, n in zip(values.shape[1:], size, strict=True)]
    pool = F.avg_pool3d if len(factors) == 3 else F.avg_pool2d
    return values if max(factors) == 1 else pool(values[None], factors)[0]


def _tissue(content: Mask, box: Box, stride: Sequence[int]) -> Mask:
    """Mask (S, P, L) of the blocks of ``stride`` voxels of which half is not background."""
    inside = content[box]
    mask = torch.from_numpy(inside.astype(np.float32))
    padding = [
        size
        for n, s in zip(inside.shape[::-1], reversed(stride), strict=True)
        for size in (0, -n % s)
    ]
    share: npt.NDArray[np.float32] = F.avg_pool3d(F.pad(mask, padding)[None], tuple(stride))[
        0
    ].numpy()
    return share >= 0.5
