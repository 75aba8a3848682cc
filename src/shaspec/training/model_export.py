"""The trained model: the averaged weights and the model card."""

from __future__ import annotations

import platform
from collections.abc import Sequence
from copy import deepcopy

import torch

from shaspec.files.reading import resolved
from shaspec.models.base import Network
from shaspec.models.card import Card, Training
from shaspec.models.registry import network_config
from shaspec.models.weights import Model, save_model
from shaspec.task import Task
from shaspec.training.config import TrainConfig
from shaspec.training.methods import architecture
from shaspec.training.prepared import PreparedCase

LICENCE = "research use only"
WRITTEN = {"out", "cache"}
"""Settings of output folders, which the card leaves out."""


def export_model(
    config: TrainConfig,
    task: Task,
    network: Network,
    cases: Sequence[PreparedCase],
    step: int,
    minutes: float,
    command: str,
    start: Card | None = None,
) -> None:
    """Writes the model into the run folder.

    Args:
        config: of the run.
        task: of the run.
        network: with the averaged weights.
        cases: the training cases.
        step: steps of the run.
        minutes: minutes of the run.
        command: command line of the run.
        start: card of the start model, if any.
    """
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
    """Seeds of the phantoms as a range, or as a list if `TrainConfig.labelled` excludes some."""
    seeds = sorted(int(c.name.removeprefix("phantom-")) for c in phantoms)
    if not seeds:
        return ""
    if seeds == list(range(seeds[0], seeds[-1] + 1)):
        return f"seeds {seeds[0]} to {seeds[-1]}"
    return f"seeds {', '.join(map(str, seeds))}"


def _licence(start: Card) -> str:
    """The licence of the model, including that of the start model."""
    if start.licence.startswith(LICENCE):
        return start.licence
    return f"{LICENCE}; of {start.name}: {start.licence}"


def unfinished(config: TrainConfig, task: Task, network: Network) -> Model:
    """A copy of ``network`` as a model for inference, while training continues."""
    copy = deepcopy(network)
    copy.prepare_for_inference()
    copy.requires_grad_(False)
    return Model(copy, card_of(config, task, network, Training()))


def card_of(config: TrainConfig, task: Task, network: Network, training: Training) -> Card:
    """The model card of a run."""
    name = architecture(config)
    return Card(
        name=config.name or resolved(config.out).name,  # "." has no name
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
    """1.5 times the crop size: fewer seams, and statistics close to those of training."""
    return tuple(max(16, n * 3 // 2 // 16 * 16) for n in config.crop)
