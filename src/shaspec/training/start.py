"""The network that a run begins with."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from shaspec.errors import InputError
from shaspec.models.base import Network
from shaspec.models.card import Card
from shaspec.models.registry import build, network_config
from shaspec.models.weights import load_model
from shaspec.task import Task
from shaspec.training.config import TrainConfig
from shaspec.training.methods import architecture
from shaspec.training.seeds import generator

WEIGHTS = 3  # what a random number is for; the others' are the learner's


def first_network(config: TrainConfig, task: Task) -> tuple[Network, Card | None]:
    """Fresh weights, fixed by the seed, or those of the model that ``config.start`` names, with
    its card.

    Raises `InputError` if that is of another shape, or if the crop does not fit task or network.
    """
    if len(config.crop) != task.dims:
        raise InputError(f"crop {config.crop}: task {task.name!r} needs {task.dims} numbers")
    name = architecture(config)
    wanted = network_config(name, config.preset, task, **config.network)
    if not config.start:
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(int(generator(config.seed, WEIGHTS).initial_seed()))
            network = build(name, wanted)
        check_crop(config, network)
        return network, None
    start = load_model(config.start, training=True)
    if start.card.method != name or start.network.config != wanted:
        raise InputError(
            f"start {config.start!r} is a {start.card.method}/{start.card.preset} of another shape "
            f"than {name}/{config.preset}: take the same network, preset and settings"
        )
    check_crop(config, start.network)
    return start.network, start.card


def check_crop(config: TrainConfig, network: Network) -> None:
    """Raise `InputError` if the network cannot take crops of that size."""
    steps = network.divisor
    if not network.any_size and any(n % d for n, d in zip(config.crop, steps, strict=True)):
        raise InputError(
            f"crop {config.crop}: this network needs multiples of {', '.join(map(str, steps))}"
        )


def refuse_two_planes(network: Network) -> None:
    """Let ``network`` refuse maps of two planes.

    In bfloat16 on a CPU, the weights' gradient of a 3-D convolution over a map whose first axis is
    2 long holds what happened to lie in memory (PyTorch 2.10 to 2.13, AVX512-BF16): other numbers
    on every run, infinite ones now and then.
    """

    def check(_: nn.Module, inputs: tuple[Any, ...]) -> None:
        if inputs[0].shape[2] == 2:
            raise InputError(
                'precision = "bf16-mixed" cannot train on a CPU with a crop that is so short along '
                'its first axis: make crop longer there, or take precision = "32-true"'
            )

    for module in network.modules():
        weight = getattr(module, "weight", None)
        if isinstance(weight, Tensor) and weight.dim() == 5 and weight.shape[2] > 1:
            module.register_forward_pre_hook(check)
