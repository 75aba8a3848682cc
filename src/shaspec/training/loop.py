"""The training loop, to be read in one sitting.

A step is: read crops, augment, draw a subset per sample, forward, losses, backward, average the
weights. Devices are Lightning Fabric's business; everything random is a function of (seed, step),
so a resumed run sees what the uninterrupted one would have seen.
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
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn
from torch.utils.data import DataLoader

from shaspec.errors import InputError, ShaspecError
from shaspec.models.base import Network
from shaspec.models.card import Card, Training
from shaspec.models.registry import build, network_config
from shaspec.models.weights import load_model, save_model
from shaspec.task import Task, load_task
from shaspec.training.augment import augment, centre_crop
from shaspec.training.config import TrainConfig
from shaspec.training.data import Crops, PreparedCase, training_cases
from shaspec.training.methods import draw_presence, make_method
from shaspec.training.seeds import generator

CHECKPOINT = "checkpoint.pt"
LOG = "log.jsonl"
AUGMENT, SUBSETS, WEIGHTS = 1, 2, 3  # what a random number is for
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
    if len(config.crop) != task.dims:
        raise InputError(f"crop {config.crop}: task {task.name!r} needs {task.dims} numbers")
    cases = training_cases(config, task)
    fabric = Fabric(accelerator=config.device, devices=1, precision=config.precision)
    torch.manual_seed(int(generator(config.seed, WEIGHTS).initial_seed()))
    bare = _fresh_network(config, task)
    ema = get_ema_multi_avg_fn(config.ema)  # type: ignore[no-untyped-call]
    average = AveragedModel(bare, multi_avg_fn=ema)
    average = average.to(fabric.device)
    optimizer = torch.optim.AdamW(
        bare.parameters(), lr=config.learning_rate, weight_decay=config.weight_decay
    )
    network, optimizer = fabric.setup(bare, optimizer)
    method = make_method(config)

    config.out.mkdir(parents=True, exist_ok=True)
    (config.out / "config.json").write_text(config.model_dump_json(indent=1) + "\n", "utf-8")
    step, minutes = _resume(config.out / CHECKPOINT, config, bare, average, optimizer)
    clock = Clock(config, minutes, time.monotonic())
    saved = clock.minutes
    samples = Crops(cases, config)
    indices = range(step * config.batch, 2**31)
    loader = DataLoader(samples, config.batch, sampler=indices, num_workers=config.workers)
    network.train()
    try:
        with (config.out / LOG).open("a", encoding="utf-8") as log:
            for images, labels, available in loader:
                progress = clock.progress(step)
                if progress >= 1:
                    break
                for group in optimizer.param_groups:
                    group["lr"] = config.learning_rate * schedule(progress, step)
                images, labels = images.to(fabric.device), labels.to(fabric.device)
                seed = (config.seed, AUGMENT, step)
                if config.augment:
                    images, labels = augment(images, labels, config.crop, seed, task.channels)
                else:
                    images, labels = centre_crop(images, labels, config.crop)
                rule = "full" if progress < config.warm_up else config.subsets
                present = draw_presence(available, rule, (config.seed, SUBSETS, step))
                target = region_targets(task, labels)

                inputs = torch.split(images, list(task.channels), dim=1)
                terms = method.losses(network(inputs, present), target, present)
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


def schedule(progress: float, step: int) -> float:
    """Factor of the learning rate: 50 steps of warm-up, then a cosine to zero."""
    return min(1.0, (step + 1) / 50) * 0.5 * (1 + math.cos(math.pi * progress))


def region_targets(task: Task, labels: Tensor) -> Tensor:
    """Label map (N, *spatial) -> region masks (N, K, *spatial), float."""
    masks = [
        torch.isin(labels, torch.tensor(region.labels, device=labels.device, dtype=labels.dtype))
        for region in task.regions
    ]
    return torch.stack(masks, dim=1).float()


def _fresh_network(config: TrainConfig, task: Task) -> Network:
    wanted = network_config(config.method, config.preset, task, **config.network)
    if not config.init:
        return build(config.method, wanted)
    start = load_model(config.init, training=True)
    if start.card.method != config.method or start.network.config != wanted:
        raise InputError(
            f"init {config.init!r} is a {start.card.method}/{start.card.preset} of another shape "
            f"than {config.method}/{config.preset}: take the same method, preset and network"
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
