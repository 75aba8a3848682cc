"""The model that a run makes: the averaged weights, and a card that says how they came about."""

from __future__ import annotations

import platform
from collections.abc import Sequence
from copy import deepcopy

import torch

from shaspec.models.base import Network
from shaspec.models.card import Card, Training
from shaspec.models.registry import network_config
from shaspec.models.weights import Model, save_model
from shaspec.task import Task
from shaspec.training.config import TrainConfig
from shaspec.training.methods import architecture
from shaspec.training.prepare import PreparedCase

LICENCE = "research use only"
WRITTEN = {"out", "cache"}
"""Settings that say where the run wrote, and nothing about its model."""


def save_product(
    config: TrainConfig,
    task: Task,
    network: Network,
    cases: Sequence[PreparedCase],
    step: int,
    minutes: float,
    command: str,
    start: Card | None = None,
) -> None:
    """Write the model into the folder of the run; ``start`` is the card of what it began with."""
    real = [c for c in cases if not c.phantom]
    training = Training(
        cases=tuple(c.name for c in real),
        unlabelled=tuple(c.name for c in real if not c.labelled),
        fingerprints={c.name: c.fingerprints for c in real},
        phantoms=_seeds([c for c in cases if c.phantom]),
        method=config.method,
        config=config.model_dump(mode="json", exclude=WRITTEN),
        command=command,
        minutes=round(minutes, 2),
        steps=step,
        seed=config.seed,
        machine=f"{platform.machine()}, {torch.get_num_threads()} threads",
    )
    card = card_of(config, task, network, training)
    if start is not None:
        changes = {"training": training.after(start), "licence": _licence(start)}
        card = card.model_copy(update=changes)
    save_model(config.out, network, card)


def _seeds(phantoms: Sequence[PreparedCase]) -> str:
    """From the first to the last, or each one where `TrainConfig.labelled` has left some out."""
    seeds = sorted(int(c.name.removeprefix("phantom-")) for c in phantoms)
    if not seeds:
        return ""
    if seeds == list(range(seeds[0], seeds[-1] + 1)):
        return f"seeds {seeds[0]} to {seeds[-1]}"
    return f"seeds {', '.join(map(str, seeds))}"


def _licence(start: Card) -> str:
    """Terms go with the weights: those of ``start`` hold for what became of it."""
    if start.licence.startswith(LICENCE):
        return start.licence
    return f"{LICENCE}; of {start.name}: {start.licence}"


def unfinished(config: TrainConfig, task: Task, network: Network) -> Model:
    """A copy of ``network``, which goes on learning, that is ready to be tried on cases."""
    copy = deepcopy(network)
    copy.prepare_for_inference()
    copy.requires_grad_(False)
    return Model(copy, card_of(config, task, network, Training()))


def card_of(config: TrainConfig, task: Task, network: Network, training: Training) -> Card:
    """The card of the model that ``config`` makes."""
    name = architecture(config)
    return Card(
        name=config.name or config.out.resolve().name,  # "." has no name of its own
        title=f"{config.method} {config.preset}",
        licence=LICENCE,
        method=name,
        preset=config.preset,
        network=network_config(name, config.preset, task, **config.network).model_dump(mode="json"),
        task=task,
        window=inference_window(config),
        instant_toggles=network.instant_toggles,
        training=training,
    )


def inference_window(config: TrainConfig) -> tuple[int, ...]:
    """Half as long again as the crops: fewer seams, and statistics close to those of training."""
    return tuple(max(16, n * 3 // 2 // 16 * 16) for n in config.crop)
