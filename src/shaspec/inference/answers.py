"""The sums over the finished windows of a run, with which it resumes after a lack of memory."""

from __future__ import annotations

import time
from collections.abc import Hashable
from dataclasses import dataclass, field

import torch

from shaspec.inference.frames import Frame
from shaspec.inference.kept import Corner
from shaspec.inference.modality_weights import MeanWeights
from shaspec.inference.outputs import possible_part, probabilities_of
from shaspec.inference.windows import WindowAggregator
from shaspec.models.base import Output


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
    whole: WindowAggregator | None = None
    """Probabilities everywhere, if they are asked for or there are several windows."""
    part: WindowAggregator | None = None
    """Probabilities of a single window, where labels need them."""

    @property
    def for_labels(self) -> WindowAggregator:
        """The probabilities that labels are made from."""
        answer = self.whole if self.part is None else self.part
        assert answer is not None
        return answer

    @property
    def for_maps(self) -> WindowAggregator:
        """The probabilities of a run that asked for them."""
        assert self.whole is not None
        return self.whole

    @torch.inference_mode()
    def add(
        self, output: Output, corner: Corner, frame: Frame, exclusive: bool, *, only: bool,
        maps: bool,
    ) -> None:  # fmt: skip
        """Add the answer ``output`` to the window at ``corner``.

        Args:
            output: of the network, for a batch of one.
            corner: of the window, in voxels.
            frame: what all windows cover together.
            exclusive: see `shaspec.models.base.Network`.
            only: there is no other window.
            maps: probabilities are asked for, and not only labels.
        """
        place, self.place = self.place, None  # a failure in here leaves half of an answer
        weights = output.modality_weights()
        if only:
            self.part = WindowAggregator.of_part(*possible_part(output, frame, exclusive))
        if maps or not only or weights is not None:
            values = probabilities_of(output.logits, exclusive)
            if self.whole is None:
                channels, *size = values.shape
                self.whole = WindowAggregator(channels, frame.all, size, values.device)
            self.weights.add(None if weights is None else weights[0], values)
            self.whole.add(values, corner)
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
