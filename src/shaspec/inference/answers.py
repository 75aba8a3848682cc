"""The sums over the finished windows of a run, with which it resumes after a lack of memory."""

from __future__ import annotations

import time
from collections.abc import Hashable
from dataclasses import dataclass, field

from torch import Tensor

from shaspec.inference.kept import Corner
from shaspec.inference.modality_weights import MeanWeights
from shaspec.inference.windows import Box, WindowAggregator


@dataclass
class Answers:
    """Answers of the network to the windows that are finished."""

    place: Hashable
    """Inputs, windows and device of the answers; None if they cannot be used any more."""
    begin: float = field(default_factory=time.perf_counter)
    encoding: float = 0.0
    decoding: float = 0.0
    """Seconds for the finished windows."""
    done: int = 0
    """Number of finished windows."""
    weights: MeanWeights = field(default_factory=MeanWeights)
    aggregator: WindowAggregator | None = None

    def add(self, values: Tensor, weights: Tensor | None, corner: Corner, box: Box) -> None:
        """Add the answer ``values`` (K, *size) to the window at ``corner``.

        Args:
            values: probabilities.
            weights: of the modalities, (M, K); None of a network without a gate.
            corner: of the window, in voxels.
            box: the voxels that all windows cover together.
        """
        place, self.place = self.place, None  # a failure in here leaves half of an answer
        if self.aggregator is None:
            self.aggregator = WindowAggregator(len(values), box, values.shape[1:], values.device)
        self.weights.add(weights, values)
        self.aggregator.add(values, corner)
        self.done += 1
        self.place = place


def resume(earlier: list[Answers], place: Hashable) -> Answers:
    """The answers of an attempt that failed, if they can be used at ``place``, else new ones.

    A run that lacks memory drops the kept features first. Its windows stay the same, so it resumes
    at the window that failed, and the labels are those of an undisturbed run. With smaller windows
    or on another device it starts again: a result of two kinds of windows could not be reproduced.

    Args:
        earlier: the answers of the last attempt, or empty; has the returned ones afterwards.
        place: inputs, windows and device.
    """
    if not earlier or earlier[0].place != place:
        earlier[:] = [Answers(place)]
    return earlier[0]
