"""The initial network of a run."""

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

WEIGHTS = 3  # purpose of the random numbers; the learner defines the other purposes


def first_network(config: TrainConfig, task: Task) -> tuple[Network, Card | None]:
    """The network with random weights (from the seed) and None, or the start model with its card.

    Raises:
        InputError: the start model has another shape, or the crop does not fit task or network.
    """
    if len(config.crop) != task.dims:
        raise InputError(f"crop {config.crop}: task {task.name!r} needs {task.dims} numbers")
    name = architecture(config)
    settings = network_config(name, config.preset, task, **config.network)
    if not config.start:
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(int(generator(config.seed, WEIGHTS).initial_seed()))
            network = build(name, settings)
        check_crop(config, network)
        return network, None
    start = load_model(config.start, training=True)
    if start.card.method != name or start.network.config != settings:
        raise InputError(
            f"start {config.start!r} is a {start.card.method}/{start.card.preset} of another shape "
            f"than {name}/{config.preset}: set the same network, preset and settings"
        )
    check_crop(config, start.network)
    return start.network, start.card


def check_crop(config: TrainConfig, network: Network) -> None:
    """Raises `InputError` if the network does not accept crops of that size."""
    steps = network.divisor
    if not network.any_size and any(n % d for n, d in zip(config.crop, steps, strict=True)):
        raise InputError(
            f"crop {config.crop}: this network needs multiples of {', '.join(map(str, steps))}"
        )


def refuse_two_planes(network: Network) -> None:
    """Makes ``network`` raise `InputError` for feature maps with two planes.

    In bfloat16 on a CPU, the weight gradient of a 3D convolution over a map with a first axis of
    length 2 contains uninitialised memory (PyTorch 2.10 to 2.13, AVX512-BF16): different values on
    every run, sometimes infinite.
    """

    def check(_: nn.Module, inputs: tuple[Any, ...]) -> None:
        if inputs[0].shape[2] == 2:
            raise InputError(
                'precision = "bf16-mixed" cannot train on a CPU with such a short first axis of '
                'crop: make the first axis longer, or set precision = "32-true"'
            )

    for module in network.modules():
        weight = getattr(module, "weight", None)
        if isinstance(weight, Tensor) and weight.dim() == 5 and weight.shape[2] > 1:
            module.register_forward_pre_hook(check)
