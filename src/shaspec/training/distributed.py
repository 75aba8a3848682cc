"""Several processes as one: who reads which samples, and sums over all of them."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count
from typing import Any

import torch.distributed as dist
from lightning_fabric import Fabric
from lightning_fabric.strategies.ddp import DDPStrategy
from torch import Tensor
from torch.distributed.nn.functional import all_reduce

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


def batches(first: int, size: int, rank: int, world: int) -> Iterator[list[int]]:
    """Sample indices of one rank, from batch ``first`` on, without end.

    Batch k of all ranks together is k * size * world and the following indices, so that two
    processes see in a step what one process with twice the batch would have seen.
    """
    for k in count(first):
        start = (k * world + rank) * size
        yield list(range(start, start + size))


def total(value: Tensor) -> Tensor:
    """Sum of ``value`` over all processes; gradients flow back to each.

    A loss that is a fraction of such sums is the loss of the whole batch on every rank, and the
    mean of the gradients over the ranks is its gradient.
    """
    if not dist.is_available() or not dist.is_initialized() or dist.get_world_size() == 1:
        return value
    summed: Tensor = all_reduce(value)  # type: ignore[no-untyped-call]
    return summed
