"""Optimizer and learning rate by name."""

from __future__ import annotations

import math
from collections.abc import Iterable

import torch
from torch import nn

from shaspec.training.config import TrainConfig

RISE = 50  # steps in which the learning rate rises at the start
POWER = 0.9  # of the polynomial


def make_optimizer(
    config: TrainConfig, parameters: Iterable[nn.Parameter]
) -> torch.optim.Optimizer:
    """The optimizer that ``config`` names."""
    if config.optimizer == "sgd":
        return torch.optim.SGD(
            parameters,
            lr=config.learning_rate,
            momentum=config.momentum,
            nesterov=config.momentum > 0,
            weight_decay=config.weight_decay,
        )
    parameters = list(parameters)
    return torch.optim.AdamW(
        parameters,
        lr=config.learning_rate,
        weight_decay=config.weight_decay,
        # On a GPU a loss scaler forbids it, and PyTorch's default is as fast.
        fused=all(p.is_cpu for p in parameters) or None,
    )


def schedule(progress: float, step: int, kind: str = "cosine") -> float:
    """Factor of the learning rate: 50 steps of rising, then a fall to zero.

    ``cosine``: half a cosine. ``poly``: (1 - progress)^0.9, as in the authors' code.
    """
    fall = 0.5 * (1 + math.cos(math.pi * progress)) if kind == "cosine" else (1 - progress) ** POWER
    return min(1.0, (step + 1) / RISE) * fall
