"""Distributed training: devices and processes, and sums over all processes."""

from __future__ import annotations

import os

import torch.distributed as dist
from lightning_fabric import Fabric
from lightning_fabric.plugins.environments.lightning import LightningEnvironment
from lightning_fabric.strategies.ddp import DDPStrategy
from lightning_fabric.utilities.exceptions import MisconfigurationException
from torch import Tensor, nn
from torch.distributed.nn.functional import all_reduce

from shaspec.errors import InputError
from shaspec.models.base import Network
from shaspec.training.config import TrainConfig


def make_fabric(config: TrainConfig) -> Fabric:
    """Sets up the devices of ``config`` and joins the other processes, if there are any.

    Raises:
        InputError: the number of processes does not match, or devices or precision are not
            available.
    """
    started, expected = _started(), config.devices * config.num_nodes
    # An encoder gets no gradient on a rank whose samples lack its modality.
    strategy = DDPStrategy(find_unused_parameters=True) if expected > 1 else "auto"
    if started not in (None, expected):
        raise InputError(
            f"{started} processes were started, but devices = {config.devices}, num_nodes = "
            f"{config.num_nodes} need {expected}: change devices, or the number of processes"
        )
    try:
        fabric = Fabric(
            accelerator=config.device,
            devices=config.devices,
            num_nodes=config.num_nodes,
            strategy=strategy,
            precision=config.precision,
            # A single process ignores the cluster in whose allocation it runs.
            plugins=LightningEnvironment() if expected == 1 else None,
        )
    except (ValueError, RuntimeError, MisconfigurationException) as error:
        raise InputError(
            f"device = {config.device!r}, devices = {config.devices}, num_nodes = "
            f"{config.num_nodes}, precision = {config.precision!r} is not available: {error}"
        ) from error
    if config.precision == "16-mixed" and fabric.device.type == "cpu":
        # Fabric would silently use bfloat16 without the loss scaler.
        raise InputError(
            'precision = "16-mixed" is not available on a CPU: set "bf16-mixed" or "32-true"; a '
            "run started with it must be resumed on a GPU"
        )
    fabric.launch()
    return fabric


def _started() -> int | None:
    """Number of processes started by torchrun or srun; None: neither was used."""
    number = os.environ.get("WORLD_SIZE") or os.environ.get("SLURM_STEP_NUM_TASKS")
    return int(number) if number else None


def all_reduce_sum(value: Tensor) -> Tensor:
    """Sum of ``value`` over all processes, for losses that depend only on such sums.

    Its gradient is the number of processes, without communication in the backward pass: the loss is
    the same on all ranks, so the mean of their gradients, as data-parallel training computes it, is
    the gradient of the whole batch.
    """
    if not dist.is_available() or not dist.is_initialized() or dist.get_world_size() == 1:
        return value
    summed = value.detach().clone()
    dist.all_reduce(summed)
    return summed + (value - value.detach()) * dist.get_world_size()


def across_processes(network: Network) -> Network:
    """Replaces the batch norms of ``network`` by batch norms over all processes."""
    for module in network.modules():
        for name, child in module.named_children():
            if isinstance(child, nn.BatchNorm1d | nn.BatchNorm2d | nn.BatchNorm3d):
                setattr(module, name, SharedBatchNorm(child))
    return network


class SharedBatchNorm(nn.modules.batchnorm._BatchNorm):
    """Batch norm with statistics over the batches of all processes, on any device.

    `torch.nn.SyncBatchNorm` does the same, on GPUs only.
    """

    def __init__(self, norm: nn.modules.batchnorm._BatchNorm) -> None:
        super().__init__(norm.num_features, norm.eps, norm.momentum)
        self.load_state_dict(norm.state_dict())

    def _check_input_dim(self, x: Tensor) -> None:
        """Accepts any number of axes."""

    def forward(self, x: Tensor) -> Tensor:
        """(N, C, *spatial) -> (N, C, *spatial)."""
        if not self.training:
            return super().forward(x)
        kind, x = x.dtype, x.float()
        axes = [0, *range(2, x.ndim)]
        shape = (1, -1, *(1,) * (x.ndim - 2))
        count = _sum(x.new_tensor(x.numel() / x.shape[1]))
        mean = _sum(x.sum(axes)) / count
        centred = x - mean.view(shape)
        variance = _sum(centred.square().sum(axes)) / count
        self._remember(mean.detach(), (variance * count / (count - 1)).detach())
        scale = self.weight * (variance + self.eps).rsqrt()
        return (centred * scale.view(shape) + self.bias.view(shape)).to(kind)

    def _remember(self, mean: Tensor, variance: Tensor) -> None:
        assert self.running_mean is not None
        assert self.running_var is not None
        assert self.num_batches_tracked is not None
        assert self.momentum is not None
        self.running_mean.lerp_(mean, self.momentum)
        self.running_var.lerp_(variance, self.momentum)
        self.num_batches_tracked += 1


def _sum(value: Tensor) -> Tensor:
    """Sum over all processes; its gradient is summed over all processes too."""
    summed: Tensor = all_reduce(value)  # type: ignore[no-untyped-call]
    return summed
