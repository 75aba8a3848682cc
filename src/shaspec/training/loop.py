"""The training loop, to be read in one sitting.

A step is: read crops, augment, let the method feed the network and add up its losses, backward,
average the weights. Devices are Lightning Fabric's business; everything random is a function of
(seed, step), so a resumed run sees what the uninterrupted one would have seen.
"""

from __future__ import annotations

import json
import math
import os
import platform
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, cast

import torch
from lightning_fabric import Fabric
from torch import Tensor
from torch.optim.swa_utils import AveragedModel
from torch.utils.data import DataLoader

from shaspec.errors import InputError, ShaspecError
from shaspec.models.base import Network, Output
from shaspec.models.card import Card, Training
from shaspec.models.registry import build, network_config
from shaspec.models.weights import load_model, save_model
from shaspec.task import Task, load_task
from shaspec.training.augment import augment, centre_crop
from shaspec.training.config import TrainConfig
from shaspec.training.data import Crops, PreparedCase, training_cases
from shaspec.training.methods import METHODS, Batch, architecture, make_method
from shaspec.training.seeds import generator
from shaspec.training.subsets import check_rule
from shaspec.training.unlabelled import hide_labels, unlabelled_cases

CHECKPOINT = "checkpoint.pt"
LOG = "log.jsonl"
AUGMENT, SUBSETS, WEIGHTS, DROPOUT = 1, 2, 3, 4  # what a random number is for
LICENCE = "research use only"


@dataclass(frozen=True)
class Step:
    """What the loop tells after every step."""

    step: int
    minutes: float
    progress: float
    """Share of the budget that is used, 0 to 1."""
    losses: dict[str, float]


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


def train(config: TrainConfig, command: str = "") -> Iterator[Step]:
    """Run, or resume, the training that ``config`` describes; yields after every step.

    Leaves in ``config.out``: ``config.json``, ``log.jsonl``, ``checkpoint.pt`` and the model
    (averaged weights and card). Closing the generator saves a checkpoint and ends.
    """
    task = load_task(config.task)
    cases = _cases(config, task)
    fabric = Fabric(accelerator=config.device, devices=1, precision=config.precision)
    torch.manual_seed(int(generator(config.seed, WEIGHTS).initial_seed()))
    bare = _fresh_network(config, task)
    method = make_method(config, task, bare)
    check_rule(method.rule, task, {c.name: c.available for c in cases})
    average = AveragedModel(bare, multi_avg_fn=method.average()).to(fabric.device).eval()
    optimizer = torch.optim.AdamW(
        bare.parameters(), lr=config.learning_rate, weight_decay=config.weight_decay
    )
    network, optimizer = fabric.setup(bare, optimizer)

    @torch.no_grad()
    def teacher(images: Tensor, present: Tensor) -> Output:
        with fabric.autocast():
            output: Output = average.module(images, present)
        return output

    config.out.mkdir(parents=True, exist_ok=True)
    (config.out / "config.json").write_text(config.model_dump_json(indent=1) + "\n", "utf-8")
    step, minutes = _resume(config.out / CHECKPOINT, config, bare, average, optimizer)
    clock = Clock(config, minutes, time.monotonic())
    saved = clock.minutes
    network.train()
    try:
        with (config.out / LOG).open("a", encoding="utf-8") as log:
            for images, labels, available in _samples(cases, config, step):
                progress = clock.progress(step)
                if progress >= 1:
                    break
                for group in optimizer.param_groups:
                    group["lr"] = config.learning_rate * schedule(progress, step)
                images, labels = images.to(fabric.device), labels.to(fabric.device)
                seed = (config.seed, AUGMENT, step)
                if config.augment:
                    images, labels = augment(images, labels, config.crop, seed)
                else:
                    images, labels = centre_crop(images, labels, config.crop)
                # Labelled samples come first; the labels of the others are not there.
                target = target_masks(task, labels[: config.batch], exclusive=bare.exclusive)
                seed = (config.seed, SUBSETS, step)
                batch = Batch(images, available, target, progress, seed)

                torch.manual_seed(generator(config.seed, DROPOUT, step).initial_seed())
                terms = method.step(network, teacher, batch)
                loss = torch.stack(list(terms.values())).sum()
                if not torch.isfinite(loss):
                    raise ShaspecError(
                        f"the loss is {loss.item()} at step {step}: the last good checkpoint is "
                        f"{config.out / CHECKPOINT}; lower learning_rate and start again"
                    )
                fabric.backward(loss)
                fabric.clip_gradients(network, optimizer, max_norm=config.clip)
                optimizer.step()
                optimizer.zero_grad()
                average.update_parameters(bare)

                step += 1
                event = Step(
                    step,
                    clock.minutes,
                    clock.progress(step),
                    {k: v.item() for k, v in terms.items()},
                )
                log.write(json.dumps(asdict(event)) + "\n")
                log.flush()
                if clock.minutes - saved > config.checkpoint_minutes:
                    _checkpoint(config, step, clock, bare, average, optimizer)
                    saved = clock.minutes
                yield event
    finally:
        _checkpoint(config, step, clock, bare, average, optimizer)
    _save(config, task, cases, cast(Network, average.module), step, clock.minutes, command)


def _cases(config: TrainConfig, task: Task) -> list[PreparedCase]:
    """The cases of the run; unlabelled ones only if the method learns from them."""
    cases = hide_labels(training_cases(config, task), config)
    if not METHODS[config.method].semi_supervised:
        return [c for c in cases if c.labelled]
    cases += unlabelled_cases(config, task, cases)
    if all(c.labelled for c in cases):
        raise InputError(
            f"method {config.method!r} learns from unlabelled cases too, and there are none: give "
            "unlabelled = a folder, or labelled = how many cases keep their labels"
        )
    return cases


def _samples(
    cases: list[PreparedCase], config: TrainConfig, step: int
) -> Iterator[tuple[Tensor, ...]]:
    """Images, labels and availability of each step from ``step`` on; labelled samples first."""
    pools = ([c for c in cases if c.labelled], [c for c in cases if not c.labelled])
    indices = range(step * config.batch, 2**31)
    loaders = [
        DataLoader(
            Crops(pool, config, stream), config.batch, sampler=indices, num_workers=config.workers
        )
        for stream, pool in enumerate(pools)
        if pool
    ]
    for parts in zip(*loaders, strict=True):
        yield tuple(torch.cat(tensors) for tensors in zip(*parts, strict=True))


def schedule(progress: float, step: int) -> float:
    """Factor of the learning rate: 50 steps of warm-up, then a cosine to zero."""
    return min(1.0, (step + 1) / 50) * 0.5 * (1 + math.cos(math.pi * progress))


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
    if not config.init:
        return build(name, wanted)
    start = load_model(config.init, training=True)
    if start.card.method != name or start.card.network != wanted.model_dump(mode="json"):
        raise InputError(
            f"init {config.init!r} is a {start.card.method}/{start.card.preset} of another shape "
            f"than {name}/{config.preset}: take the same method, preset and network"
        )
    return start.network


def _checkpoint(
    config: TrainConfig,
    step: int,
    clock: Clock,
    network: Network,
    average: AveragedModel,
    optimizer: Any,
) -> None:
    """Everything that a resumed run needs, written to a temporary file and moved in place."""
    state = {
        "step": step,
        "minutes": clock.minutes,
        "config": config.model_dump_json(),
        "network": network.state_dict(),
        "average": average.state_dict(),
        "optimizer": optimizer.state_dict(),
    }
    path = config.out / CHECKPOINT
    temporary = path.with_suffix(".tmp")
    with temporary.open("wb") as file:
        torch.save(state, file)
        file.flush()
        os.fsync(file.fileno())
    os.replace(temporary, path)


def _resume(
    path: Path, config: TrainConfig, network: Network, average: AveragedModel, optimizer: Any
) -> tuple[int, float]:
    """Take up a checkpoint if there is one: steps and minutes done so far."""
    if not path.is_file():
        return 0, 0.0
    state = torch.load(path, map_location="cpu", weights_only=True)
    before = TrainConfig.model_validate_json(state["config"])
    budget = {"max_minutes", "max_steps", "checkpoint_minutes", "workers", "device"}
    mine, theirs = (c.model_dump(mode="json", exclude=budget) for c in (config, before))
    if mine != theirs:
        raise InputError(
            f"{path} belongs to a run with another configuration: take another folder for out, "
            "or remove it to start again"
        )
    network.load_state_dict(state["network"])
    average.load_state_dict(state["average"])
    optimizer.load_state_dict(state["optimizer"])
    return int(state["step"]), float(state["minutes"])


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
    name = architecture(config)
    wanted = network_config(name, config.preset, task, **config.network)
    card = Card(
        name=config.name or config.out.name,
        title=f"{config.method} {config.preset}",
        licence=LICENCE,
        method=name,
        preset=config.preset,
        network=wanted.model_dump(mode="json"),
        task=task,
        window=inference_window(config),
        instant_toggles=network.instant_toggles,
        training=Training(
            cases=tuple(c.name for c in real),
            unlabelled=tuple(c.name for c in real if not c.labelled),
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
