"""Prepared cases as training samples, cropped in milliseconds.

A sample depends only on (seed, index), so neither the number of worker processes nor a
resumed run changes what the network sees.
"""

from __future__ import annotations

import signal
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import count
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor
from torch.utils.data import DataLoader, Dataset

from shaspec.training.config import TrainConfig
from shaspec.training.prepared import PreparedCase
from shaspec.training.transplant import transplant

MARGIN = 1.25  # crops are read this much larger, so that rotation and scaling find real voxels
JITTER = 8  # voxels, largest, between a voxel of a region and the centre of its crop


@dataclass(frozen=True)
class Samples:
    """A batch as read: labelled samples first, then unlabelled ones."""

    images: Tensor
    """(N, C, *margin), the channels of all modalities in task order."""
    labels: Tensor
    """(N, *margin)"""
    available: Tensor
    """bool (N, M)"""
    numbers: tuple[int, ...]
    """Number of each sample in the run."""


def samples(
    cases: Sequence[PreparedCase], config: TrainConfig, first: int, rank: int, world: int
) -> Iterator[Samples]:
    """Batches of one process from batch ``first`` on, without end."""
    kinds = [[c for c in cases if c.labelled is labelled] for labelled in (True, False)]
    pools = {kind: pool for kind, pool in enumerate(kinds) if pool}
    loaders = [
        DataLoader(
            Crops(pool, config),
            batch_sampler=batches(first, config.batch, rank, world, kind),
            num_workers=config.workers,
            worker_init_fn=_leave_signals if config.workers else None,
        )
        for kind, pool in pools.items()
    ]
    numbers = [batches(first, config.batch, rank, world, kind) for kind in pools]
    for parts, named in zip(zip(*loaders, strict=True), zip(*numbers, strict=True), strict=True):
        images, labels, available = (torch.cat(tensors) for tensors in zip(*parts, strict=True))
        yield Samples(images, labels, available, tuple(n for part in named for n in part))


def _leave_signals(_: int) -> None:
    """A cluster sends SIGTERM, and a terminal Ctrl-C, to all processes of a run. The one that
    trains saves and ends; readers that were gone by then would end it with an error instead."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)


def batches(first: int, size: int, rank: int, world: int, kind: int = 0) -> Iterator[list[int]]:
    """Numbers of the samples of one process, from batch ``first`` on, without end.

    Batch k of all ``world`` processes together is ``size * world`` samples that follow each other,
    so that two processes see in a step what one with twice the batch would have seen. Labelled
    samples (``kind`` 0) have the even numbers, unlabelled ones the odd.
    """
    for k in count(first):
        start = (k * world + rank) * size
        yield [2 * n + kind for n in range(start, start + size)]


class Crops(Dataset[tuple[Tensor, Tensor, Tensor]]):
    """Sample ``index`` -> image (C, *margin), labels (*margin), available (M,).

    ``C`` counts the channels of all modalities, as many as modalities where each has one.

    ``margin`` is the crop size times `MARGIN`; augmentation cuts the crop out of it. What lies
    outside a case is background.
    """

    def __init__(self, cases: Sequence[PreparedCase], config: TrainConfig) -> None:
        self.real = [c for c in cases if not c.phantom]
        self.phantoms = [c for c in cases if c.phantom]
        self.donors = [c for c in self.real if c.centres]
        self.config = config
        self.size = tuple(int(np.ceil(n * MARGIN / 2)) * 2 for n in config.crop)

    def __getitem__(self, index: int) -> tuple[Tensor, Tensor, Tensor]:
        rng = np.random.default_rng([self.config.seed, index])
        phantom = bool(self.phantoms) and (
            not self.real or rng.random() < self.config.phantom_share
        )
        pool = self.phantoms if phantom else self.real
        case = pool[rng.integers(len(pool))]
        corner = self._centre(case, rng) - np.array(self.size) // 2
        images = np.zeros((len(case.images), *self.size), np.float32)
        labels = np.zeros(self.size, np.uint8)
        source, target = [], []
        for c, n, total in zip(corner, self.size, case.labels.shape, strict=True):
            a, b = max(0, c), max(0, min(total, c + n))
            source.append(slice(a, b))
            target.append(slice(a - c, b - c))
        scales = case.scales.reshape(-1, *(1,) * labels.ndim)
        images[(slice(None), *target)] = case.images[(slice(None), *source)] * scales
        labels[tuple(target)] = case.labels[tuple(source)]
        if rng.random() < self.config.transplant:
            self._transplant(case, images, labels, rng)
        return torch.from_numpy(images), torch.from_numpy(labels), torch.from_numpy(case.available)

    def _transplant(
        self,
        case: PreparedCase,
        images: npt.NDArray[np.float32],
        labels: npt.NDArray[np.uint8],
        rng: np.random.Generator,
    ) -> None:
        """Pastes the tumour of another case that has the modalities of this one."""
        others = [c for c in self.donors if c is not case and (c.available >= case.available).all()]
        if case.labelled and others:
            middle = tuple(slice(n // 4, n - n // 4) for n in self.size)
            transplant(images, labels, others[rng.integers(len(others))], middle, rng)

    def _centre(self, case: PreparedCase, rng: np.random.Generator) -> npt.NDArray[Any]:
        """A voxel of the case, so that its crop is never outside."""
        shape = np.array(case.labels.shape)
        if case.centres and rng.random() < self.config.foreground:
            voxels = case.centres[rng.integers(len(case.centres))]
            jitter = rng.integers(-JITTER, JITTER + 1, size=voxels.shape[1])
            # The voxel stays in the crop if the crop is small, e.g. a few thick slices.
            quarter = np.array(self.config.crop) // 4
            centre = np.clip(jitter, -quarter, quarter) + voxels[rng.integers(len(voxels))]
        else:  # anywhere in the head, but for its outermost eighth
            centre = np.array([rng.integers(n // 8, n - n // 8 + 1) for n in shape])
        return np.asarray(np.clip(centre, 0, shape - 1))
