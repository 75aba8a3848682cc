"""A training method: what it feeds to the network in a step, and which losses it adds up.

What a network is taught by labels is its `Objective`; a method says which samples, which of their
modalities, and what stands for labels where there are none.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar, cast

import torch
from torch import Tensor
from torch.optim.swa_utils import get_ema_multi_avg_fn

from shaspec.errors import InputError
from shaspec.models.base import Network, Output
from shaspec.task import Task
from shaspec.training.config import MethodName, TrainConfig
from shaspec.training.losses import Total, alone
from shaspec.training.objectives import OBJECTIVES, Terms
from shaspec.training.subsets import draw_presence, parse_rule

Forward = Callable[[Tensor, Tensor], Output]
"""Images (N, M, *spatial) and which are present, bool (N, M), to an answer."""


Tensors = tuple[Tensor, ...] | list[Tensor]
Average = Callable[[Tensors, Tensors, Tensor | int], None]
"""Averages, weights, and how many there were before -> averages, changed in place."""

# torch gives it no types.
moving_average = cast(Callable[[float], Average], get_ema_multi_avg_fn)


@dataclass(frozen=True)
class Batch:
    """What a step has to work with."""

    images: Tensor
    """(N, M, *spatial), augmented; the labelled samples first."""
    available: Tensor
    """bool (N, M): the modalities that each sample has at all."""
    target: Tensor
    """Masks of the labels, (L, K, *spatial), shaped like the logits of the labelled samples."""
    progress: float
    """Share of the run that is done."""
    seed: tuple[int, ...]
    """Of everything random that the method decides."""
    numbers: tuple[int, ...]
    """The number of each sample in the run, for what is random in one sample alone."""


class Supervised:
    """Random subsets of the modalities of labelled samples, against their labels."""

    network: ClassVar[str] = ""
    """Architecture where the configuration names none; empty: the one of the method's name."""
    semi_supervised: ClassVar[bool] = False
    """True if it learns from unlabelled samples too."""
    subsets: ClassVar[str] = "uniform"
    """Rule where the configuration leaves it open."""
    decay: ClassVar[float] = 0.995
    """Of the average of the weights, where the configuration leaves it open."""

    def __init__(
        self, config: TrainConfig, task: Task, *, exclusive: bool, total: Total = alone
    ) -> None:
        self.config = config
        self.rule = parse_rule(config.subsets or self.subsets, task)
        objective = OBJECTIVES[architecture(config)]
        self.objective = objective(config, exclusive=exclusive, total=total)

    def average(self) -> Average:
        """How the weights are averaged that become the model (and the teacher)."""
        most = self.decay if self.config.ema is None else self.config.ema

        def average(averages: Tensors, weights: Tensors, number: Tensor | int) -> None:
            decay = min(self.early_decay(int(number)), most)
            moving_average(decay)(averages, weights, number)

        return average

    @staticmethod
    def early_decay(step: int) -> float:
        """Largest decay at ``step``: an average of short memory at first, or the weights of the
        beginning would be a good part of the model after a run of a few hundred steps."""
        return (1 + step) / (10 + step)

    def step(self, network: Forward, teacher: Forward, batch: Batch) -> Terms:
        """Weighted terms; their sum is what is minimised.

        ``teacher`` is the network with the averaged weights, in evaluation, without gradients.
        """
        del teacher
        present = self.drawn(batch)
        output = network(batch.images, present)
        terms = self.objective.supervised(output, batch.target, present)
        return terms | self.objective.auxiliary(output, present)

    def shown(self, batch: Batch) -> Tensor:
        """The modalities of each sample that `step` looks at: bool (N, M).

        The images of ``batch`` are not asked for: only those that are shown are augmented.
        """
        return self.drawn(batch)

    def visible(self, batch: Batch) -> Tensor:
        """Of what each sample has, all, or what a dedicated model may see: bool (N, M)."""
        if isinstance(self.rule, str):
            return batch.available
        wanted = torch.zeros_like(batch.available)
        wanted[:, list(self.rule)] = True
        return batch.available & wanted

    def drawn(self, batch: Batch) -> Tensor:
        """Which modalities each sample shows: bool (N, M)."""
        rule = "full" if batch.progress < self.config.warm_up else self.rule
        return draw_presence(batch.available, rule, batch.seed, batch.numbers)


class MeanTeacher(Supervised):
    """Labels, and pseudo-labels of a teacher for all samples (Tarvainen & Valpola, NeurIPS 2017).

    The teacher is the average of the student's weights. Its most likely class counts, however sure
    it is, on labelled samples too (as in M3L's baseline).
    """

    network = "linear-fusion"
    semi_supervised = True
    subsets = "full"
    decay = 0.99

    @staticmethod
    def early_decay(step: int) -> float:
        """As the authors' teacher: the plain mean of all steps until ``decay`` is reached."""
        return 1 - 1 / (step + 1)

    def step(self, network: Forward, teacher: Forward, batch: Batch) -> Terms:
        """Supervised terms of the labelled views, the weighted pseudo-label term of all."""
        number = len(batch.target)
        pseudo = self.objective.pseudo_target(teacher(batch.images, self.visible(batch)).logits)
        samples, present = self.views(batch)
        output = network(batch.images[samples], present)
        target = torch.cat([batch.target, pseudo[number:]])[samples]
        terms = self.objective.supervised(output, target, present, labelled=samples < number)
        terms["pseudo"] = self.config.pseudo * self.objective.pseudo(
            output, pseudo[samples], present
        )
        return terms | self.objective.auxiliary(output, present)

    def shown(self, batch: Batch) -> Tensor:
        """What the teacher or the student sees."""
        return self.visible(batch) | self.drawn(batch)

    def views(self, batch: Batch) -> tuple[Tensor, Tensor]:
        """What the student sees: indices of samples (V,) and their modalities, bool (V, M)."""
        return torch.arange(len(batch.images)), self.drawn(batch)


class M3L(MeanTeacher):
    """The student sees less than the teacher (masked modality learning; Maheshwari et al., 2024).

    A step shows it the labelled samples whole, and all samples with one modality or none masked.
    """

    subsets = "one-absent"

    def views(self, batch: Batch) -> tuple[Tensor, Tensor]:
        """Labelled whole, labelled masked, unlabelled masked."""
        whole = torch.arange(len(batch.target))
        samples = torch.cat([whole, torch.arange(len(batch.images))])
        return samples, torch.cat([self.visible(batch)[whole], self.drawn(batch)])


METHODS: dict[MethodName, type[Supervised]] = {
    "shaspec": Supervised,
    "maml": Supervised,
    "linear-fusion": Supervised,
    "zero-fill": Supervised,
    "mean-teacher": MeanTeacher,
    "m3l": M3L,
}


def architecture(config: TrainConfig) -> str:
    """The network that ``config`` trains, by its name in the registry."""
    own = METHODS[config.method].network
    if own:
        return config.architecture or own
    if config.architecture not in ("", config.method):
        raise InputError(
            f"method {config.method!r} trains its own network, not {config.architecture!r}: "
            "leave architecture out"
        )
    return config.method


def make_method(
    config: TrainConfig, task: Task, network: Network, total: Total = alone
) -> Supervised:
    """The method that ``config`` names, for ``network``."""
    return METHODS[config.method](config, task, exclusive=network.exclusive, total=total)
