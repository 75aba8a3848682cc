"""What learns, and one step of it.

A step is: read crops, augment, let the method feed the network and add up its losses, backward,
average the weights. Everything random is a function of (seed, sample) or (seed, step), so a
resumed run sees what the uninterrupted one would have seen, and two processes what one with twice
the batch would have. (Only dropout is drawn for the whole batch of a process.)
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace
from functools import reduce
from typing import cast

import torch
from lightning_fabric import Fabric
from torch import Tensor
from torch.optim.swa_utils import AveragedModel

from shaspec.models.base import Network, Output
from shaspec.task import Task
from shaspec.training.augment import augment, centre_crop
from shaspec.training.checkpoint import Stateful
from shaspec.training.config import TrainConfig
from shaspec.training.data import Samples
from shaspec.training.distributed import across_processes, all_reduce_sum
from shaspec.training.init_network import refuse_two_planes
from shaspec.training.methods import Batch, make_method
from shaspec.training.optimisation import make_optimizer, schedule
from shaspec.training.seeds import generator

AUGMENT, SUBSETS, DROPOUT = 1, 2, 4  # purpose of a random number; 3 is for the initial weights


class Learner:
    """A network, the average of its weights, and the method by which it learns."""

    def __init__(self, config: TrainConfig, task: Task, network: Network, fabric: Fabric) -> None:
        bare = across_processes(network) if fabric.world_size > 1 else network
        self._config, self._task, self._fabric = config, task, fabric
        self._bare, self._channels = bare, list(task.channels)
        self.method = make_method(config, task, bare, all_reduce_sum)
        # With buffers: averaged weights are at odds with the batch statistics of the last step's.
        self._average = AveragedModel(bare, multi_avg_fn=self.method.average(), use_buffers=True)
        self._average.to(fabric.device).eval()
        if config.precision == "bf16-mixed" and fabric.device.type == "cpu":
            refuse_two_planes(bare)  # only in training
        optimizer = make_optimizer(config, bare.parameters())
        self._network, self._optimizer = fabric.setup(bare, optimizer)
        self._network.train()

    @property
    def model(self) -> Network:
        """The network with the averaged weights, which is the result of a run."""
        return cast(Network, self._average.module)

    @property
    def parts(self) -> dict[str, Stateful]:
        """All that changes from step to step."""
        return {
            "network": self._bare,
            "average": self._average,
            "optimizer": self._optimizer,
            "precision": self._fabric.strategy.precision,  # the loss scaler of 16-mixed
        }

    def step(self, source: Iterator[Samples], step: int, progress: float) -> dict[str, float]:
        """Learn from the next batches of ``source``; returns the mean of every term of the loss.

        ``progress`` is the share of the run that is done. Raises `FloatingPointError` if the loss
        or the gradient is NaN, before it corrupts the weights.
        """
        config, fabric = self._config, self._fabric
        for group in self._optimizer.param_groups:
            group["lr"] = config.learning_rate * schedule(progress, step, config.schedule)
        step_losses = []
        for part in range(config.accumulate):
            batch = self._batch(next(source), progress)
            # After the batch was read: the readers draw from the global generator too.
            torch.manual_seed(generator(config.seed, DROPOUT, batch.numbers[0]).initial_seed())
            unfinished = part + 1 < config.accumulate
            with fabric.no_backward_sync(self._network, enabled=unfinished):
                terms = self.method.step(self._student, self._teacher, batch)
                loss = torch.stack(list(terms.values())).sum()
                _require_finite("loss", loss)
                fabric.backward(loss / config.accumulate)
            step_losses.append({name: term.detach() for name, term in terms.items()})
        norm = fabric.clip_gradients(
            self._network,
            self._optimizer,
            max_norm=config.clip or math.inf,
            error_if_nonfinite=False,
        )
        if config.precision != "16-mixed":  # whose loss scaler leaves out such a step
            _require_finite("gradient", cast(Tensor, norm))
        self._optimizer.step()
        self._optimizer.zero_grad()
        self._average.update_parameters(self._bare)
        return self._means(step_losses)

    def _student(self, images: Tensor, present: Tensor) -> Output:
        output: Output = self._network(torch.split(images, self._channels, dim=1), present)
        return output

    @torch.no_grad()
    def _teacher(self, images: Tensor, present: Tensor) -> Output:
        with self._fabric.autocast():
            output: Output = self.model(torch.split(images, self._channels, dim=1), present)
        return output

    def _batch(self, samples: Samples, progress: float) -> Batch:
        """What the method gets. The sample of a number is the same in whichever process it is."""
        config, device = self._config, self._fabric.device
        images, labels = samples.images.to(device), samples.labels.to(device)
        seed = (config.seed, SUBSETS)
        batch = Batch(images, samples.available, labels, progress, seed, samples.numbers)
        if config.augment:
            seeds = [(config.seed, AUGMENT, number) for number in samples.numbers]
            task, shown = self._task, self.method.shown(batch)
            images, labels = augment(
                images, labels, config.crop, task.spacing, seeds, task.channels, shown
            )
        else:
            images, labels = centre_crop(images, labels, config.crop)
        # Labelled samples come first; the others have no labels.
        target = target_masks(self._task, labels[: config.batch], exclusive=self._bare.exclusive)
        return replace(batch, images=images, target=target)

    def _means(self, step_losses: list[dict[str, Tensor]]) -> dict[str, float]:
        """Loss terms over the batches of a step and all processes."""
        values = torch.stack([torch.stack(list(terms.values())) for terms in step_losses]).mean(0)
        values = cast(Tensor, self._fabric.all_reduce(values, reduce_op="mean"))
        return dict(zip(step_losses[0], values.tolist(), strict=True))


def target_masks(task: Task, labels: Tensor, *, exclusive: bool) -> Tensor:
    """Label map (N, *spatial) -> masks (N, K, *spatial), float, shaped like a network's logits.

    One mask per region, or, if ``exclusive``, the background's and one per label of the task. A
    voxel of any other label is in none of these: it is ignored.
    """
    classes = [(0,), *((label.value,) for label in task.labels)]
    regions = [region.labels for region in task.regions]
    masks = [
        reduce(torch.logical_or, [labels == value for value in group])
        for group in (classes if exclusive else regions)
    ]
    return torch.stack(masks, dim=1).float()


def _require_finite(what: str, value: Tensor) -> None:
    if not torch.isfinite(value):
        raise FloatingPointError(f"the {what} is {value.item()}")
