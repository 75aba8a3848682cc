"""Several processes as one: how they find each other, and sums over all of them."""

from __future__ import annotations

import os
from typing import Any

import torch.distributed as dist
from lightning_fabric import Fabric
from lightning_fabric.plugins.environments.lightning import LightningEnvironment
from lightning_fabric.strategies.ddp import DDPStrategy
from lightning_fabric.utilities.exceptions import MisconfigurationException
from torch import Tensor

from shaspec.errors import InputError
from shaspec.training.config import TrainConfig


def make_fabric(config: TrainConfig) -> Fabric:
    """Devices as ``config`` says; joins the other processes, if there are any.

    Raises `InputError` if these are others than were started, or if the machine lacks them.
    """
    strategy: Any = config.strategy
    if strategy == "auto" and config.devices * config.num_nodes > 1:
        # An encoder gets no gradient on a rank whose samples lack its modality.
        strategy = DDPStrategy(find_unused_parameters=True)
    started, wanted = _started(), config.devices * config.num_nodes
    if started not in (None, wanted):
        raise InputError(
            f"{started} processes were started, and devices = {config.devices}, num_nodes = "
            f"{config.num_nodes} make {wanted}: let them be the same"
        )
    try:
        fabric = Fabric(
            accelerator=config.device,
            devices=config.devices,
            num_nodes=config.num_nodes,
            strategy=strategy,
            precision=config.precision,
            # One process has nothing to ask of a cluster in whose allocation it happens to run.
            plugins=LightningEnvironment() if wanted == 1 else None,
        )
    except (ValueError, RuntimeError, MisconfigurationException) as error:
        raise InputError(
            f"device = {config.device!r}, devices = {config.devices}, num_nodes = "
            f"{config.num_nodes}, precision = {config.precision!r} cannot be had here: {error}"
        ) from error
    fabric.launch()
    return fabric


def _started() -> int | None:
    """How many processes torchrun or srun started for this run; None: neither did."""
    number = os.environ.get("WORLD_SIZE") or os.environ.get("SLURM_STEP_NUM_TASKS")
    return int(number) if number else None


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
