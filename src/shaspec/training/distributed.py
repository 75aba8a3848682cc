"""Several processes as one: how they find each other, and sums over all of them."""

from __future__ import annotations

from typing import Any

import torch.distributed as dist
from lightning_fabric import Fabric
from lightning_fabric.strategies.ddp import DDPStrategy
from torch import Tensor

from shaspec.training.config import TrainConfig


def make_fabric(config: TrainConfig) -> Fabric:
    """Devices as ``config`` says; joins the other processes, if there are any."""
    strategy: Any = config.strategy
    if strategy == "auto" and config.devices * config.num_nodes > 1:
        # An encoder gets no gradient on a rank whose samples lack its modality.
        strategy = DDPStrategy(find_unused_parameters=True)
    fabric = Fabric(
        accelerator=config.device,
        devices=config.devices,
        num_nodes=config.num_nodes,
        strategy=strategy,
        precision=config.precision,
    )
    fabric.launch()
    return fabric


def total(value: Tensor) -> Tensor:
    """Sum of ``value`` over all processes, for losses that are functions of such sums alone.

    Its gradient is taken as the number of processes, with no message on the way back: the loss is
    the same on all ranks, and the mean of their gradients, which data-parallel training takes, is
    then the gradient of the whole batch.
    """
    if not dist.is_available() or not dist.is_initialized() or dist.get_world_size() == 1:
        return value
    summed = value.detach().clone()
    dist.all_reduce(summed)
    return summed + (value - value.detach()) * dist.get_world_size()
