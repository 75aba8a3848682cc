"""A training method: what it feeds to the network in a step, and which losses it adds up.

What a network is taught by labels is its `Objective`; a method says which samples, which of their
modalities, and what stands for labels where there are none.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar

from torch import Tensor

from shaspec.errors import InputError
from shaspec.models.base import Network, Output
from shaspec.task import Task
from shaspec.training.config import MethodName, TrainConfig
from shaspec.training.losses import Total, alone
from shaspec.training.objectives import OBJECTIVES, Terms
from shaspec.training.subsets import draw_presence, parse_rule

Forward = Callable[[Tensor, Tensor], Output]
"""Images (N, M, *spatial) and which are present, bool (N, M), to an answer."""


@dataclass(frozen=True)
class Batch:
    """What a step has to work with."""

    images: Tensor
    """(N, M, *spatial), augmented."""
    available: Tensor
    """bool (N, M): the modalities that each sample has at all."""
    target: Tensor
    """Masks of the labels, (N, K, *spatial), shaped like the logits."""
    progress: float
    """Share of the run that is done."""
    seed: tuple[int, ...]
    """Of everything random that the method decides."""
    numbers: tuple[int, ...] = ()
    """The number of each sample in the run, for what is random in one sample alone."""


class Supervised:
    """Random subsets of the modalities of labelled samples, against their labels."""

    network: ClassVar[str] = ""
    """Architecture where the configuration names none; empty: the one of the method's name."""
    subsets: ClassVar[str] = "uniform"
    """Rule where the configuration leaves it open."""

    def __init__(
        self, config: TrainConfig, task: Task, *, exclusive: bool, total: Total = alone
    ) -> None:
        self.config = config
        self.rule = parse_rule(config.subsets or self.subsets, task)
        objective = OBJECTIVES[architecture(config)]
        self.objective = objective(config, exclusive=exclusive, total=total)

    def present(self, batch: Batch) -> Tensor:
        """Which modalities each sample shows: bool (N, M)."""
        rule = "full" if batch.progress < self.config.warm_up else self.rule
        return draw_presence(batch.available, rule, batch.seed, batch.numbers)

    def step(self, network: Forward, batch: Batch) -> Terms:
        """Weighted terms; their sum is what is minimised."""
        present = self.present(batch)
        output = network(batch.images, present)
        return self.objective.supervised(output, batch.target, present) | self.objective.auxiliary(
            output, present
        )


METHODS: dict[MethodName, type[Supervised]] = {
    "shaspec": Supervised,
    "maml": Supervised,
    "linear-fusion": Supervised,
    "zero-fill": Supervised,
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
