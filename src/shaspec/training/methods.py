"""A training method: which subsets it feeds, and which losses it adds up."""

from __future__ import annotations

import torch
from torch import Tensor

from shaspec.errors import InputError
from shaspec.models.base import Output
from shaspec.models.shaspec import ShaSpecOutput
from shaspec.training.config import TrainConfig
from shaspec.training.losses import alignment_loss, bce_loss, dice_loss, domain_loss
from shaspec.training.seeds import generator


class Method:
    """Segmentation loss alone; also the zero-fill baseline."""

    def __init__(self, config: TrainConfig) -> None:
        self.config = config

    def losses(self, output: Output, target: Tensor, present: Tensor) -> dict[str, Tensor]:
        """Weighted terms; their sum is what is minimised. ``target`` (N, K, *spatial) 0/1."""
        del present
        c = self.config
        return {
            "dice": dice_loss(
                output.logits, target, batch=c.dice_over == "batch", smooth=c.dice_smooth
            ),
            "bce": bce_loss(output.logits, target),
        }


class ShaSpecMethod(Method):
    """Adds the alignment of shared and the classification of specific features (Eq. 9)."""

    def losses(self, output: Output, target: Tensor, present: Tensor) -> dict[str, Tensor]:
        terms = super().losses(output, target, present)
        assert isinstance(output, ShaSpecOutput)
        terms["alignment"] = self.config.alignment * alignment_loss(output.shared, present)
        terms["domain"] = self.config.domain * domain_loss(output.domain_logits, present)
        return terms


METHODS: dict[str, type[Method]] = {"shaspec": ShaSpecMethod, "zero-fill": Method}


def make_method(config: TrainConfig) -> Method:
    """The method that ``config`` names."""
    if config.method not in METHODS:
        raise InputError(f"method {config.method!r} cannot be trained: {', '.join(METHODS)} can")
    return METHODS[config.method](config)


def draw_presence(available: Tensor, rule: str, seed: tuple[int, ...]) -> Tensor:
    """Random non-empty subset of what each sample has.

    Args:
        available: bool (N, M).
        rule: as `TrainConfig.subsets`.
        seed: numbers that fix the draw.
    """
    if rule == "full":
        return available
    rng = generator(*seed)
    present = torch.zeros_like(available)
    for row, has in zip(present, available, strict=True):
        there = has.nonzero()[:, 0]
        m = len(there)
        if rule == "uniform":
            number = int(torch.randint(1, 2**m, (), generator=rng))
            chosen = [i for i in range(m) if number >> i & 1]
        else:
            k = int(torch.randint(1, m + 1, (), generator=rng))
            chosen = torch.randperm(m, generator=rng)[:k].tolist()
        row[there[chosen]] = True
    return present
