"""The models that the table of speed measures."""

from __future__ import annotations

from pathlib import Path

import torch

from shaspec.models.card import Card, bundled_models
from shaspec.models.registry import build, network_config
from shaspec.models.weights import save_model
from shaspec.task import load_task

WINDOW = (112, 144, 112)  # of the bundled ShaSpec


def model_source(method: str, folder: Path) -> str:
    """What `load_model` is given for a method: its bundled model, or one with random weights.

    Args:
        method: a key of the registry of networks, and the name of its bundled model.
        folder: where a model folder is made if none is bundled; speed and memory do not depend on
            the weights.
    """
    if method in bundled_models():
        return method
    task = load_task("brats")
    config = network_config(method, "light", task)
    torch.manual_seed(0)
    network = build(method, config)
    card = Card(
        name=method,
        title=f"{method} light, random weights",
        licence="none",
        method=method,
        preset="light",
        network=config.model_dump(mode="json"),
        task=task.at((1.5, 1.5, 1.5)),
        window=WINDOW,
        instant_toggles=network.instant_toggles,
    )
    save_model(folder / method, network, card)
    return str(folder / method)
