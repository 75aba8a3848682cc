"""The weight of each modality in a result, for networks with a gate."""

from __future__ import annotations

import torch
from torch import Tensor

from shaspec.prediction import Weights
from shaspec.task import Task
from shaspec.task_parts import BACKGROUND


def output_names(task: Task, *, exclusive: bool) -> list[str]:
    """The meaning of the output channels of a network for ``task``: regions, or background and
    labels."""
    if exclusive:
        return [BACKGROUND, *(label.name for label in task.labels)]
    return list(task.region_names)


class MeanWeights:
    """Mean of a gate's weights over the windows of a result, one mean per region.

    Each window is weighted by the sum of the region's probabilities in it. So the mean is also
    defined for a region that no voxel reaches with a probability of one half.
    """

    def __init__(self) -> None:
        self._total: Tensor | None = None  # (M, K)

    def add(self, weights: Tensor | None, probabilities: Tensor) -> None:
        """Add a window: weights (M, K), or None of a network without a gate; its probabilities
        (K, *size)."""
        if weights is None:
            return
        size = probabilities.flatten(1).sum(dim=1).double()
        # The smallest positive number: a region with probability 0 everywhere has a mean too.
        size = size.clamp(min=torch.finfo(torch.float32).tiny)
        part = (weights.double() * size).cpu()
        self._total = part if self._total is None else self._total + part

    def by_region(self, task: Task, present: list[int], *, exclusive: bool) -> Weights:
        """The means, rounded to four places; empty for a network without a gate."""
        if self._total is None:
            return {}
        means = (self._total / self._total.sum(dim=0)).T.tolist()
        return {
            name: {task.names[m]: round(row[m], 4) for m in present}
            for name, row in zip(output_names(task, exclusive=exclusive), means, strict=True)
            if name != BACKGROUND
        }
