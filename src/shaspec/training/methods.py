"""Training methods: the inputs of the network in a step, and the loss terms.

The `Objective` of a network defines the losses of labelled samples. A method chooses the samples,
their modalities, and pseudo-labels for unlabelled samples.
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
from shaspec.training.losses import Reduce, no_reduce
from shaspec.training.mofe import draw_pairs
from shaspec.training.objectives import OBJECTIVES, SimMlmObjective, Terms
from shaspec.training.subsets import Rule, draw_presence, parse_rule

Forward = Callable[[Tensor, Tensor], Output]
"""Images (N, M, *spatial) and which are present, bool (N, M), to an answer. SimMLM's takes
(V, N, M) too: V subsets of every sample."""


Tensors = tuple[Tensor, ...] | list[Tensor]
Average = Callable[[Tensors, Tensors, Tensor | int], None]
"""Averages, weights and number of earlier updates; changes the averages in place."""

# torch has no types for it
moving_average = cast(Callable[[float], Average], get_ema_multi_avg_fn)


@dataclass(frozen=True)
class Batch:
    """The data of a step."""

    images: Tensor
    """(N, M, *spatial), augmented; the labelled samples first."""
    available: Tensor
    """bool (N, M): the modalities that each sample has."""
    target: Tensor
    """Label masks of the labelled samples, (L, K, *spatial), shaped like the logits."""
    progress: float
    """Completed share of the run, 0 to 1."""
    seed: tuple[int, ...]
    """Seed of all random choices of the method."""
    numbers: tuple[int, ...]
    """Index of each sample in the run, for random choices per sample."""


class Supervised:
    """Supervised training on random subsets of the modalities."""

    network: ClassVar[str] = ""
    """Default architecture; empty: the network of the same name as the method."""
    semi_supervised: ClassVar[bool] = False
    """True if the method also uses unlabelled samples."""
    subsets: ClassVar[str] = "uniform"
    """Default rule for drawing subsets."""
    decay: ClassVar[float] = 0.995
    """Default decay of the averaged weights."""

    def __init__(
        self, config: TrainConfig, task: Task, *, exclusive: bool, reduce: Reduce = no_reduce
    ) -> None:
        self.config = config
        self.rule = parse_rule(config.subsets or self.subsets, task)
        objective = OBJECTIVES[architecture(config)]
        self.objective = objective(config, exclusive=exclusive, reduce=reduce)

    def average(self) -> Average:
        """The update of the averaged weights, which become the model (and the teacher)."""
        most = self.decay if self.config.ema is None else self.config.ema

        def average(averages: Tensors, weights: Tensors, number: Tensor | int) -> None:
            decay = min(self.early_decay(int(number)), most)
            moving_average(decay)(averages, weights, number)

        return average

    @staticmethod
    def early_decay(step: int) -> float:
        """Maximum decay at ``step``. It is small at first; otherwise the initial weights would be
        a large part of the average after a few hundred steps."""
        return (1 + step) / (10 + step)

    def step(self, network: Forward, teacher: Forward, batch: Batch) -> Terms:
        """The weighted loss terms; training minimises their sum.

        ``teacher`` is the network with the averaged weights, in evaluation mode, without gradients.
        """
        del teacher
        present = self.drawn(batch)
        output = network(batch.images, present)
        terms = self.objective.supervised(output, batch.target, present)
        return terms | self.objective.auxiliary(output, present)

    def shown(self, batch: Batch) -> Tensor:
        """The modalities of each sample that `step` looks at: bool (N, M).

        The images of ``batch`` are not used: only those that are shown are augmented.
        """
        return self.drawn(batch)

    def visible(self, batch: Batch) -> Tensor:
        """Modalities of each sample that the model may use, bool (N, M): all, or the subset of a
        dedicated model."""
        if isinstance(self.rule, str):
            return batch.available
        allowed = torch.zeros_like(batch.available)
        allowed[:, list(self.rule)] = True
        return batch.available & allowed

    def drawn(self, batch: Batch) -> Tensor:
        """Which modalities each sample shows: bool (N, M)."""
        return draw_presence(batch.available, self.rule_at(batch), batch.seed, batch.numbers)

    def rule_at(self, batch: Batch) -> Rule:
        """The rule that subsets are drawn by at this time of the run."""
        return "full" if batch.progress < self.config.warm_up else self.rule


class MoreVersusFewer(Supervised):
    """Two subsets of every sample, one of which contains the other (SimMLM).

    Both are compared with the labels and with each other: `shaspec.training.mofe`. The authors draw
    a crop for each subset; here both use the same crop, so that the experts run once for both and
    only the modalities differ.
    """

    def step(self, network: Forward, teacher: Forward, batch: Batch) -> Terms:
        """Terms of the mixture over both subsets, of the experts, and of the ranking."""
        del teacher
        assert isinstance(self.objective, SimMlmObjective)
        more, fewer = draw_pairs(batch.available, self.rule_at(batch), batch.seed, batch.numbers)
        output = network(batch.images, torch.stack([more, fewer]))
        return self.objective.ranked(output, batch.target, more, fewer)

    def shown(self, batch: Batch) -> Tensor:
        """The larger subset, which contains the other."""
        return draw_pairs(batch.available, self.rule_at(batch), batch.seed, batch.numbers)[0]


class MeanTeacher(Supervised):
    """Mean teacher: labels, and pseudo-labels for all samples (Tarvainen & Valpola, NeurIPS 2017).

    The teacher is the average of the student's weights. Its most likely class is the pseudo-label,
    without a confidence threshold, also for labelled samples (as in M3L's baseline).
    """

    network = "linear-fusion"
    semi_supervised = True
    subsets = "full"
    decay = 0.99

    @staticmethod
    def early_decay(step: int) -> float:
        """As in the authors' code: the plain mean of all steps until ``decay`` is reached."""
        return 1 - 1 / (step + 1)

    def step(self, network: Forward, teacher: Forward, batch: Batch) -> Terms:
        """Supervised terms of the labelled views, and the weighted pseudo-label term of all."""
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
        """Input of the student: indices of samples (V,) and their modalities, bool (V, M)."""
        return torch.arange(len(batch.images)), self.drawn(batch)


class M3L(MeanTeacher):
    """Masked modality learning: the student gets fewer modalities (Maheshwari et al., 2024).

    Per step the student gets the labelled samples with all modalities, and all samples with at most
    one modality masked.
    """

    subsets = "one-absent"

    def views(self, batch: Batch) -> tuple[Tensor, Tensor]:
        """Labelled samples with all modalities, then labelled and unlabelled samples masked."""
        whole = torch.arange(len(batch.target))
        samples = torch.cat([whole, torch.arange(len(batch.images))])
        return samples, torch.cat([self.visible(batch)[whole], self.drawn(batch)])


METHODS: dict[MethodName, type[Supervised]] = {
    "shaspec": Supervised,
    "maml": Supervised,
    "simmlm": MoreVersusFewer,
    "linear-fusion": Supervised,
    "zero-fill": Supervised,
    "mean-teacher": MeanTeacher,
    "m3l": M3L,
}


def architecture(config: TrainConfig) -> str:
    """Registry name of the network that ``config`` trains; raises `InputError`."""
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
    config: TrainConfig, task: Task, network: Network, reduce: Reduce = no_reduce
) -> Supervised:
    """The method of ``config`` for ``network``."""
    return METHODS[config.method](config, task, exclusive=network.exclusive, reduce=reduce)
