"""The training loop, to be read in one sitting.

A step is: read crops, augment, draw a subset per sample, forward, losses, backward, average the
weights. Devices and processes are Lightning Fabric's business; everything random is a function of
(seed, sample) or (seed, step), so a resumed run sees what the uninterrupted one would have seen,
and two processes what one with twice the batch would have.
"""

from __future__ import annotations

import platform
import time
from collections.abc import Generator
from contextlib import closing
from dataclasses import dataclass
from typing import Any, cast

import torch
from lightning_fabric import Fabric
from torch import Tensor
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn
from torch.utils.data import DataLoader

from shaspec.errors import InputError, ShaspecError
from shaspec.models.base import Network
from shaspec.models.card import Card, Training
from shaspec.models.registry import build, network_config
from shaspec.models.weights import load_model, save_model
from shaspec.task import Task, load_task
from shaspec.training.augment import augment, centre_crop
from shaspec.training.checkpoint import (
    CHECKPOINT,
    Stateful,
    last_good,
    load_checkpoint,
    save_checkpoint,
)
from shaspec.training.config import TrainConfig
from shaspec.training.data import Crops
from shaspec.training.distributed import batches, make_fabric
from shaspec.training.events import Checkpoint, Event, Finished, Prepared, Preparing, Step
from shaspec.training.methods import draw_presence, make_method
from shaspec.training.optimisation import make_optimizer, schedule
from shaspec.training.prepare import PreparedCase, prepare
from shaspec.training.runlog import RunLog
from shaspec.training.seeds import generator
from shaspec.training.selection import select_cases

AUGMENT, SUBSETS, WEIGHTS, LAYERS = 1, 2, 3, 4  # what a random number is for
LICENCE = "research use only"


@dataclass
class Clock:
    """Minutes and steps spent, over all the times a run was resumed, against the budget."""

    config: TrainConfig
    minutes_before: float
    started: float

    @property
    def minutes(self) -> float:
        return self.minutes_before + (time.monotonic() - self.started) / 60

    def progress(self, step: int) -> float:
        """Share of the budget that is spent; 1 ends the run."""
        c = self.config
        by_time = self.minutes / c.max_minutes if c.max_minutes else 0.0
        by_step = step / c.max_steps if c.max_steps else 0.0
        return min(1.0, max(by_time, by_step))


def train(config: TrainConfig, command: str = "") -> Generator[Step, None, None]:
    """The steps of `run`; closing this closes it."""
    with closing(run(config, command)) as events:
        for event in events:
            if isinstance(event, Step):
                yield event


def run(config: TrainConfig, command: str = "") -> Generator[Event, None, None]:
    """Run, or resume, the training that ``config`` describes; yields after every step and between.

    Leaves in ``config.out``: ``config.json``, ``log.jsonl``, ``checkpoint.pt`` and the model
    (averaged weights and card). Closing the generator saves a checkpoint and ends; after an error
    the last checkpoint stays as it was.

    Raises:
        InputError: if the configuration, the data or a checkpoint that is there cannot be used.
        ShaspecError: if the loss is no number any more or the disk is full; the message names the
            last good checkpoint.
    """
    task = load_task(config.task)
    selection = select_cases(config, task)
    selection.require()
    fabric = make_fabric(config)
    cases: list[PreparedCase] = []
    number = len(selection.training) + config.phantoms
    yield Preparing(0, number)
    for case in prepare(config, task, selection, fabric.global_rank, fabric.world_size):
        cases.append(case)
        yield Preparing(len(cases), number)

    torch.manual_seed(int(generator(config.seed, WEIGHTS).initial_seed()))
    bare = _fresh_network(config, task)
    ema = get_ema_multi_avg_fn(config.ema)  # type: ignore[no-untyped-call]
    average = AveragedModel(bare, multi_avg_fn=ema)
    average = average.to(fabric.device)
    optimizer = make_optimizer(config, bare.parameters())
    network, optimizer = fabric.setup(bare, optimizer)
    method = make_method(config)
    parts: dict[str, Any] = {
        "network": bare,
        "average": average,
        "optimizer": optimizer,
        "precision": fabric.strategy.precision,  # the loss scaler of 16-mixed
    }
    if isinstance(method, Stateful):
        parts["method"] = method

    path = config.out / CHECKPOINT
    step, minutes = load_checkpoint(path, config, parts)
    clock = Clock(config, minutes, time.monotonic())
    saved = clock.minutes

    def checkpoint() -> Checkpoint:
        if fabric.is_global_zero:
            save_checkpoint(path, config, step, clock.minutes, parts)
        return Checkpoint(step, str(path))

    log = None
    if fabric.is_global_zero:
        config.out.mkdir(parents=True, exist_ok=True)
        (config.out / "config.json").write_text(config.model_dump_json(indent=1) + "\n", "utf-8")
        log = RunLog(config.out, step, tensorboard=config.tensorboard)
    real = sum(not c.phantom for c in cases)
    yield Prepared(real, len(cases) - real, len(selection.held_out), selection.notices, step)
    if step == 0:
        yield checkpoint()  # a disk that is full says so now, not in an hour

    first = step * config.accumulate
    indices = batches(first, config.batch, fabric.global_rank, fabric.world_size)
    loader = iter(
        DataLoader(
            Crops(cases, config),
            batch_sampler=indices,
            num_workers=config.workers,
        )
    )
    ours = batches(first, config.batch, fabric.global_rank, fabric.world_size)
    network.train()
    try:
        while (progress := _agreed(fabric, clock.progress(step))) < 1:
            for group in optimizer.param_groups:
                group["lr"] = config.learning_rate * schedule(progress, step, config.schedule)
            torch.manual_seed(int(generator(config.seed, LAYERS, step).initial_seed()))
            rule = "full" if progress < config.warm_up else config.subsets
            told: list[dict[str, Tensor]] = []
            for part in range(config.accumulate):
                samples, labels, available = next(loader)
                batch = _batch(fabric, config, samples, labels, available, next(ours), rule)
                images, present, labels = batch
                target = region_targets(task, labels)
                last = part + 1 == config.accumulate
                with fabric.no_backward_sync(network, enabled=not last):
                    terms = method.losses(network(images, present), target, present)
                    loss = torch.stack(list(terms.values())).sum()
                    if not torch.isfinite(loss):
                        raise ShaspecError(
                            f"the loss is {loss.item()} at step {step}: {last_good(path)}; lower "
                            "learning_rate and start again"
                        )
                    fabric.backward(loss / config.accumulate)
                told.append({k: v.detach() for k, v in terms.items()})
            fabric.clip_gradients(network, optimizer, max_norm=config.clip)
            optimizer.step()
            optimizer.zero_grad()
            average.update_parameters(bare)

            step += 1
            event = Step(step, clock.minutes, clock.progress(step), _means(fabric, told))
            if log is not None:
                log.write(event)
            yield event
            if clock.minutes - saved > config.checkpoint_minutes:
                yield checkpoint()
                saved = clock.minutes
    except GeneratorExit:
        checkpoint()
        raise
    finally:
        if log is not None:
            log.close()
    yield checkpoint()
    if fabric.is_global_zero:
        _save(config, task, cases, cast(Network, average.module), step, clock.minutes, command)
    yield Finished(step, clock.minutes, str(config.out))


def _batch(
    fabric: Fabric,
    config: TrainConfig,
    images: Tensor,
    labels: Tensor,
    available: Tensor,
    indices: list[int],
    rule: str,
) -> tuple[Tensor, Tensor, Tensor]:
    """Crops as the network gets them: images (N, M, *crop), present (N, M), labels (N, *crop).

    Every sample has a seed of its own, so it does not matter which process it falls to.
    """
    images, labels = images.to(fabric.device), labels.to(fabric.device)
    if config.augment:
        seeds = [(config.seed, AUGMENT, index) for index in indices]
        images, labels = augment(images, labels, config.crop, seeds)
    else:
        images, labels = centre_crop(images, labels, config.crop)
    rows = [
        draw_presence(available[i : i + 1], rule, (config.seed, SUBSETS, index))
        for i, index in enumerate(indices)
    ]
    return images, torch.cat(rows), labels


def _agreed(fabric: Fabric, progress: float) -> float:
    """Rank 0's clock is everybody's, or one rank would end while another waits for it."""
    return progress if fabric.world_size == 1 else float(fabric.broadcast(progress))


def _means(fabric: Fabric, told: list[dict[str, Tensor]]) -> dict[str, float]:
    """Loss terms over the batches of a step and all processes."""
    values = torch.stack([torch.stack(list(terms.values())) for terms in told]).mean(0)
    if fabric.world_size > 1:
        values = cast(Tensor, fabric.all_reduce(values, reduce_op="mean"))
    return dict(zip(told[0], values.tolist(), strict=True))


def region_targets(task: Task, labels: Tensor) -> Tensor:
    """Label map (N, *spatial) -> region masks (N, K, *spatial), float."""
    masks = [
        torch.isin(labels, torch.tensor(region.labels, device=labels.device, dtype=labels.dtype))
        for region in task.regions
    ]
    return torch.stack(masks, dim=1).float()


def _fresh_network(config: TrainConfig, task: Task) -> Network:
    wanted = network_config(config.method, config.preset, task, **config.network)
    if not config.start:
        return build(config.method, wanted)
    start = load_model(config.start, training=True)
    if start.card.method != config.method or start.card.network != wanted.model_dump(mode="json"):
        raise InputError(
            f"start {config.start!r} is a {start.card.method}/{start.card.preset} of another shape "
            f"than {config.method}/{config.preset}: take the same method, preset and network"
        )
    return start.network


def _save(
    config: TrainConfig,
    task: Task,
    cases: list[PreparedCase],
    network: Network,
    step: int,
    minutes: float,
    command: str,
) -> None:
    real = [c for c in cases if not c.phantom]
    phantoms = len(cases) - len(real)
    first = config.phantom_seed
    wanted = network_config(config.method, config.preset, task, **config.network)
    card = Card(
        name=config.name or config.out.name,
        title=f"{config.method} {config.preset}",
        licence=LICENCE,
        method=config.method,
        preset=config.preset,
        network=wanted.model_dump(mode="json"),
        task=task,
        window=inference_window(config),
        instant_toggles=network.instant_toggles,
        training=Training(
            cases=tuple(c.name for c in real),
            fingerprints={c.name: c.fingerprints for c in real},
            phantoms=f"seeds {first} to {first + phantoms - 1}" if phantoms else "",
            command=command,
            minutes=round(minutes, 2),
            steps=step,
            seed=config.seed,
            machine=f"{platform.machine()}, {torch.get_num_threads()} threads",
        ),
    )
    save_model(config.out, network, card)


def inference_window(config: TrainConfig) -> tuple[int, ...]:
    """Half as long again as the crops: fewer seams, and statistics close to those of training."""
    return tuple(n * 3 // 2 // 16 * 16 for n in config.crop)
