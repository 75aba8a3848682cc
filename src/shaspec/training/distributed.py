"""Several processes as one: how they find each other, and sums over all of them."""

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
    """Devices as ``config`` says; joins the other processes, if there are any.

    Raises `InputError` if these are others than were started, if the machine lacks them, or if it
    lacks the precision.
    """
    started, wanted = _started(), config.devices * config.num_nodes
    # An encoder gets no gradient on a rank whose samples lack its modality.
    strategy = DDPStrategy(find_unused_parameters=True) if wanted > 1 else "auto"
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
    if config.precision == "16-mixed" and fabric.device.type == "cpu":
        # Fabric would take bfloat16 instead, without the loss scaler and behind the card's back.
        raise InputError(
            'precision = "16-mixed" cannot be had on a CPU: take "bf16-mixed" or "32-true"; a run '
            "that began with it goes on on a GPU"
        )
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


def across_processes(network: Network) -> Network:
    """``network`` with batch norms that take their statistics over all processes."""
    for module in network.modules():
        for name, child in module.named_children():
            if isinstance(child, nn.BatchNorm1d | nn.BatchNorm2d | nn.BatchNorm3d):
                setattr(module, name, SharedBatchNorm(child))
    return network


class SharedBatchNorm(nn.modules.batchnorm._BatchNorm):
    """A batch norm over the batches of all processes together, on any device.

    `torch.nn.SyncBatchNorm` is the same for GPUs alone.
    """

    def __init__(self, norm: nn.modules.batchnorm._BatchNorm) -> None:
        super().__init__(norm.num_features, norm.eps, norm.momentum)
        self.load_state_dict(norm.state_dict())

    def _check_input_dim(self, x: Tensor) -> None:
        """Any number of axes will do."""

    def forward(self, x: Tensor) -> Tensor:
        """(N, C, *spatial) -> the same."""
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
    """Sum over all processes, and so is its gradient: what each of them makes of the sum counts."""
    summed: Tensor = all_reduce(value)  # type: ignore[no-untyped-call]
    return summed
