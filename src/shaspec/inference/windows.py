"""Positions of windows, and aggregation of their outputs."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import cached_property
from itertools import product

import numpy as np
import torch
from torch import Tensor

Box = tuple[slice, ...]


def window_starts(length: int, window: int, overlap: float) -> list[int]:
    """First voxels of windows that cover ``length``, spread evenly, overlapping at least so
    much."""
    if window >= length:
        return [0]
    step = max(1, math.floor(window * (1 - overlap)))
    n = math.ceil((length - window) / step) + 1
    return [round(i * (length - window) / (n - 1)) for i in range(n)]


def plan(
    box: Box, window: Sequence[int], divisor: Sequence[int], overlap: float
) -> tuple[list[tuple[int, ...]], tuple[int, ...]]:
    """Corners of the windows over ``box`` and the size they all have.

    A window is no larger than the box needs; its size is a multiple of ``divisor``, so the last one
    may extend beyond the box (and the volume: `extract_patch` pads there).
    """
    lengths = [s.stop - s.start for s in box]
    size = tuple(
        math.ceil(min(length, w) / d) * d
        for length, w, d in zip(lengths, window, divisor, strict=True)
    )
    axes = [
        [s.start + a for a in window_starts(length, n, overlap)]
        for s, length, n in zip(box, lengths, size, strict=True)
    ]
    return list(product(*axes)), size


def lengthened(box: Box, step: int = 8) -> Box:
    """``box`` with every length rounded up to a multiple of ``step``, from the same corner.

    Modalities of one case differ by a voxel or two in where the head ends: lengthened, they agree
    on the windows, and the kept features of one subset serve the others. Where the box lies in its
    volume makes no difference, so neither does padding.
    """
    return tuple(slice(s.start, s.start + math.ceil((s.stop - s.start) / step) * step) for s in box)


def union(boxes: Sequence[Box]) -> Box:
    """The smallest box that contains all ``boxes``."""
    return tuple(
        slice(min(s.start for s in axis), max(s.stop for s in axis))
        for axis in zip(*boxes, strict=True)
    )


def extract_patch(volume: Tensor, corner: Sequence[int], size: Sequence[int]) -> Tensor:
    """A window of ``volume`` (..., *spatial), zero-padded outside."""
    leading, shape = volume.shape[: -len(size)], volume.shape[-len(size) :]
    everything = (slice(None),) * len(leading)
    inside = tuple(
        slice(max(0, c), min(n, c + s)) for c, s, n in zip(corner, size, shape, strict=True)
    )
    part = volume[everything + inside]
    if part.shape == (*leading, *size):
        return part
    window = volume.new_zeros(*leading, *size)
    target = tuple(slice(i.start - c, i.stop - c) for i, c in zip(inside, corner, strict=True))
    window[everything + target] = part
    return window


def weight_map(size: Sequence[int]) -> Tensor:
    """Gaussian weights (*size), sigma 1/8 of the window and never below 1/1000 of the peak."""
    axes = [
        np.exp(-0.5 * ((np.arange(n) - (n - 1) / 2) / (n / 8)) ** 2).astype(np.float32)
        for n in size
    ]
    weights = axes[0]
    for axis in axes[1:]:
        weights = np.multiply.outer(weights, axis)
    return torch.from_numpy(np.maximum(weights / weights.max(), 1e-3).astype(np.float32))


class WindowAggregator:
    """Weighted mean of overlapping windows over one box of a volume.

    A window that covers the whole box is the only one: its values are the mean, and nothing is
    allocated.

    Args:
        channels: K.
        box: the voxels that the windows cover together.
        size: of a window.
        device: of the values.
    """

    def __init__(self, channels: int, box: Box, size: Sequence[int], device: torch.device) -> None:
        self.box = box
        self._size, self._device = tuple(size), device
        self._shape = (channels, *(s.stop - s.start for s in box))
        self._only: Tensor | None = None

    @classmethod
    def of_part(cls, values: Tensor, box: Box) -> WindowAggregator:
        """The answer of a single window where it is needed, ``values`` (K, *box)."""
        aggregator = cls(len(values), box, values.shape[1:], values.device)
        aggregator._only = values
        return aggregator

    def add(self, values: Tensor, corner: Sequence[int], share: float = 1.0) -> None:
        """Add the answer ``values`` (K, *size) of the window at ``corner``, weighted by
        ``share``."""
        mine, theirs = [], []
        for s, c, n in zip(self.box, corner, values.shape[1:], strict=True):
            a, b = max(s.start, c), min(s.stop, c + n)
            mine.append(slice(a - s.start, b - s.start))
            theirs.append(slice(a - c, b - c))
        values = values[(slice(None), *theirs)]
        if values.shape == self._shape and share == 1:
            self._only = values
            return
        weight = self._window_weight[tuple(theirs)] * share
        self._total[(slice(None), *mine)] += values * weight
        self._weight[tuple(mine)] += weight

    def mean(self) -> Tensor:
        """(K, *box) weighted mean."""
        return self._total / self._weight if self._only is None else self._only

    @cached_property
    def _total(self) -> Tensor:
        return torch.zeros(self._shape, device=self._device)

    @cached_property
    def _weight(self) -> Tensor:
        return torch.zeros(self._shape[1:], device=self._device)

    @cached_property
    def _window_weight(self) -> Tensor:
        return weight_map(self._size).to(self._device)
