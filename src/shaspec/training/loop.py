"""The training loop, to be read in one sitting.

A step is: read crops, augment, let the method feed the network and add up its losses, backward,
average the weights. Devices and processes are Lightning Fabric's business; everything random is a
function of (seed, sample) or (seed, step), so a resumed run sees what the uninterrupted one would
have seen, and two processes what one with twice the batch would have.
"""

from __future__ import annotations

import math
from collections.abc import Generator, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any, cast

import torch
from lightning_fabric import Fabric
from torch import Tensor
from torch.optim.swa_utils import AveragedModel

from shaspec.errors import InputError, ShaspecError
from shaspec.io.nifti import write_atomically
from shaspec.models.base import Network, Output
from shaspec.models.registry import build, network_config
from shaspec.models.weights import load_model
from shaspec.task import Task, load_task
from shaspec.training.augment import augment, centre_crop
from shaspec.training.checkpoint import (
    CHECKPOINT,
    Stateful,
    last_good,
    load_checkpoint,
    save_checkpoint,
)
from shaspec.training.clock import Clock
from shaspec.training.config import TrainConfig
from shaspec.training.data import Samples, samples
from shaspec.training.distributed import make_fabric, total
from shaspec.training.events import (
    Checkpoint,
    Event,
    Finished,
    Prepared,
    Preparing,
    Step,
    Validation,
)
from shaspec.training.methods import Batch, architecture, make_method
from shaspec.training.optimisation import make_optimizer, schedule
from shaspec.training.prepare import PreparedCase, prepare
from shaspec.training.product import save_product
from shaspec.training.runlog import RunLog
from shaspec.training.seeds import generator
from shaspec.training.selection import select_cases
from shaspec.training.subsets import check_rule
from shaspec.training.validation import Validator

AUGMENT, SUBSETS, WEIGHTS, DROPOUT = 1, 2, 3, 4  # what a random number is for


def train(config: TrainConfig, command: str = "") -> Generator[Step, None, None]:
    """The steps of `run`; closing this closes it."""
    with closing(run(config, command)) as events:
        for event in events:
            if isinstance(event, Step):
                yield event


def run(config: TrainConfig, command: str = "") -> Generator[Event, None, None]:
    """Run, or resume, the training that ``config`` describes; yields after every step and between.

    Leaves in ``config.out``: ``config.json``, ``log.jsonl``, ``checkpoint.pt``, the model
    (averaged weights and card) and the pictures of validations, in ``samples``. Closing the
    generator saves a checkpoint and ends; after an error the last checkpoint stays as it was.

    Raises:
        InputError: if the configuration, the data or a checkpoint that is there cannot be used.
        ShaspecError: if the loss is no number any more or the disk is full; the message names the
            last good checkpoint.
    """
    task = load_task(config.task).at(config.spacing)
    if len(config.crop) != task.dims:
        raise InputError(f"crop {config.crop}: task {task.name!r} needs {task.dims} numbers")
    selection = select_cases(config, task)
    selection.require()
    fabric = make_fabric(config)
    torch.manual_seed(int(generator(config.seed, WEIGHTS).initial_seed()))
    bare = _fresh_network(config, task)
    method = make_method(config, task, bare, total)
    cases: list[PreparedCase] = []
    number = selection.number
    yield Preparing(0, number)
    validator = None
    if config.validate_every_minutes and fabric.is_global_zero:
        validator = Validator(config, task, selection, str(fabric.device))
    for case in prepare(config, task, selection, fabric.global_rank, fabric.world_size):
        cases.append(case)
        yield Preparing(len(cases), number)

    check_rule(method.rule, task, {c.name: c.available for c in cases})
    average = AveragedModel(bare, multi_avg_fn=method.average()).to(fabric.device).eval()
    optimizer = make_optimizer(config, bare.parameters())
    network, optimizer = fabric.setup(bare, optimizer)
    parts: dict[str, Any] = {
        "network": bare,
        "average": average,
        "optimizer": optimizer,
        "precision": fabric.strategy.precision,  # the loss scaler of 16-mixed
    }
    if isinstance(method, Stateful):
        parts["method"] = method

    channels = list(task.channels)

    def student(images: Tensor, present: Tensor) -> Output:
        output: Output = network(torch.split(images, channels, dim=1), present)
        return output

    @torch.no_grad()
    def teacher(images: Tensor, present: Tensor) -> Output:
        with fabric.autocast():
            output: Output = average.module(torch.split(images, channels, dim=1), present)
        return output

    path = config.out / CHECKPOINT
    step, minutes = load_checkpoint(path, config, parts)
    clock = Clock(config, minutes)
    saved = clock.minutes
    tried = step, clock.minutes

    def checkpoint() -> Checkpoint:
        if fabric.is_global_zero:
            save_checkpoint(path, config, step, clock.minutes, parts)
        return Checkpoint(step, str(path))

    def validation() -> Iterator[Event]:
        if validator is not None:
            minutes = clock.minutes
            with clock.paused():
                for event in validator.run(cast(Network, average.module), step, minutes):
                    if log is not None and isinstance(event, Validation):
                        log.write(event)
                    yield event

    log: RunLog | None = None
    if fabric.is_global_zero:
        write_atomically(
            config.out / "config.json", f"{config.model_dump_json(indent=1)}\n".encode()
        )
        log = RunLog(config.out, step, tensorboard=config.tensorboard)
    real = sum(not c.phantom for c in cases)
    yield Prepared(real, len(cases) - real, len(selection.held_out), selection.notices, step)
    if step == 0:
        yield checkpoint()  # a disk that is full says so now, not in an hour

    source = samples(cases, config, step * config.accumulate, fabric.global_rank, fabric.world_size)
    network.train()
    try:
        while (progress := _agreed(fabric, clock.progress(step))) < 1:
            for group in optimizer.param_groups:
                group["lr"] = config.learning_rate * schedule(progress, step, config.schedule)
            told = []
            for part in range(config.accumulate):
                batch = _batch(fabric, config, task, bare, progress, next(source))
                unfinished = part + 1 < config.accumulate
                # After the batch was read: the readers draw from the global generator too.
                torch.manual_seed(generator(config.seed, DROPOUT, batch.numbers[0]).initial_seed())
                with fabric.no_backward_sync(network, enabled=unfinished):
                    terms = method.step(student, teacher, batch)
                    loss = torch.stack(list(terms.values())).sum()
                    _require_finite("loss", loss, step, path)
                    fabric.backward(loss / config.accumulate)
                told.append({k: v.detach() for k, v in terms.items()})
            norm = fabric.clip_gradients(
                network, optimizer, max_norm=config.clip or math.inf, error_if_nonfinite=False
            )
            if config.precision != "16-mixed":  # whose loss scaler leaves out such a step
                _require_finite("gradient", cast(Tensor, norm), step, path)
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
            if clock.minutes - tried[1] > config.validate_every_minutes:
                yield from validation()
                tried = step, clock.minutes
        yield checkpoint()
        if fabric.is_global_zero:
            done = cast(Network, average.module)
            save_product(config, task, done, cases, step, clock.minutes, command)
        if step > tried[0]:
            yield from validation()
    except GeneratorExit:
        checkpoint()
        raise
    except OSError as error:
        raise ShaspecError(f"step {step} failed ({error}); {last_good(path)}") from error
    finally:
        if log is not None:
            log.close()
    yield Finished(step, clock.minutes, str(config.out))


def _batch(
    fabric: Fabric,
    config: TrainConfig,
    task: Task,
    network: Network,
    progress: float,
    samples: Samples,
) -> Batch:
    """What the method gets. The sample of a number is the same in whichever process it falls to."""
    images, labels = samples.images.to(fabric.device), samples.labels.to(fabric.device)
    if config.augment:
        seeds = [(config.seed, AUGMENT, number) for number in samples.numbers]
        images, labels = augment(images, labels, config.crop, task.spacing, seeds, task.channels)
    else:
        images, labels = centre_crop(images, labels, config.crop)
    # Labelled samples come first; the labels of the others are not there.
    target = target_masks(task, labels[: config.batch], exclusive=network.exclusive)
    seed = (config.seed, SUBSETS)
    return Batch(images, samples.available, target, progress, seed, samples.numbers)


def _require_finite(what: str, value: Tensor, step: int, path: Path) -> None:
    if not torch.isfinite(value):
        raise ShaspecError(
            f"the {what} is {value.item()} at step {step}: {last_good(path)}; lower learning_rate "
            "and start again"
        )


def _agreed(fabric: Fabric, progress: float) -> float:
    """Rank 0's clock is everybody's, or one rank would end while another waits for it."""
    return progress if fabric.world_size == 1 else float(fabric.broadcast(progress))


def _means(fabric: Fabric, told: list[dict[str, Tensor]]) -> dict[str, float]:
    """Loss terms over the batches of a step and all processes."""
    values = torch.stack([torch.stack(list(terms.values())) for terms in told]).mean(0)
    if fabric.world_size > 1:
        values = cast(Tensor, fabric.all_reduce(values, reduce_op="mean"))
    return dict(zip(told[0], values.tolist(), strict=True))


def target_masks(task: Task, labels: Tensor, *, exclusive: bool) -> Tensor:
    """Label map (N, *spatial) -> masks (N, K, *spatial), float, shaped like a network's logits.

    One mask per region, or, if ``exclusive``, the background's and one per label of the task. A
    voxel of any other label is in none of these: it is ignored.
    """
    classes = [(0,), *((label.value,) for label in task.labels)]
    regions = [region.labels for region in task.regions]
    masks = [
        torch.isin(labels, torch.tensor(group, device=labels.device, dtype=labels.dtype))
        for group in (classes if exclusive else regions)
    ]
    return torch.stack(masks, dim=1).float()


def _fresh_network(config: TrainConfig, task: Task) -> Network:
    name = architecture(config)
    wanted = network_config(name, config.preset, task, **config.network)
    if not config.start:
        network = build(name, wanted)
        _check_crop(config, network)
        return network
    start = load_model(config.start, training=True)
    if start.card.method != name or start.network.config != wanted:
        raise InputError(
            f"start {config.start!r} is a {start.card.method}/{start.card.preset} of another shape "
            f"than {name}/{config.preset}: take the same method, preset and network"
        )
    _check_crop(config, start.network)
    return start.network


def _check_crop(config: TrainConfig, network: Network) -> None:
    steps = network.divisor
    if not network.any_size and any(n % d for n, d in zip(config.crop, steps, strict=True)):
        raise InputError(
            f"crop {config.crop}: this network needs multiples of {', '.join(map(str, steps))}"
        )
