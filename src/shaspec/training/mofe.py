"""More versus fewer (MoFe): more modalities must never do worse (Li et al., ICCV 2025).

A sample is answered from two subsets of its modalities, of which one strictly contains the other.
The ranking loss is what the answer from more modalities costs above the answer from fewer.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor

from shaspec.training.losses import Reduce, ce_loss, dice_loss, no_reduce
from shaspec.training.region_sums import region_sums
from shaspec.training.subsets import Rule, draw_presence

TRIES = 64
"""Draws until two subsets are nested. Of four modalities, 44 of 100 pairs of draws are."""


def draw_pairs(
    available: Tensor, rule: Rule, seed: tuple[int, ...], numbers: Sequence[int]
) -> tuple[Tensor, Tensor]:
    """Two subsets per sample, each bool (N, M): the second is strictly contained in the first.

    As the authors do, both are drawn by the rule until they are nested. A sample for which the rule
    has no such pair (it has one modality, or the model is a dedicated one) gets one subset twice.

    Args: as `shaspec.training.subsets.draw_presence`.
    """
    pairs = [
        _nested(row[None], rule, seed, number)
        for row, number in zip(available, numbers, strict=True)
    ]
    more, fewer = zip(*pairs, strict=True)
    return torch.cat(more), torch.cat(fewer)


def _nested(
    available: Tensor, rule: Rule, seed: tuple[int, ...], number: int
) -> tuple[Tensor, Tensor]:
    for attempt in range(TRIES):
        a, b = (draw_presence(available, rule, (*seed, 2 * attempt + k), [number]) for k in (0, 1))
        for more, fewer in ((a, b), (b, a)):
            if (more >= fewer).all() and (more > fewer).any():
                return more, fewer
    return a, a


def costs(
    logits: Tensor, target: Tensor, *, exclusive: bool = False, smooth: float = 0.0
) -> Tensor:
    """Dice loss and cross entropy of every sample and region by itself: (2, N, K).

    Args:
        logits: (N, K, *spatial). target: masks of the same shape.
        exclusive: softmax, whose channels are no losses by themselves: mean of them, (2, N, 1).
        smooth: as in `shaspec.training.losses.dice_loss`.
    """
    if not exclusive:
        sums = region_sums(logits, target)
        dice = 1 - (2 * sums.overlap + smooth) / (sums.size + smooth + 1)
        return torch.stack([dice, sums.entropy])
    rows = [
        torch.stack([dice_loss(a, b, exclusive=True, smooth=smooth), ce_loss(a, b)])
        for a, b in zip(logits[:, None], target[:, None], strict=True)
    ]
    return torch.stack(rows, dim=1)[..., None]


def ranking_loss(more: Tensor, fewer: Tensor, *, reduce: Reduce = no_reduce) -> Tensor:
    """max(0, more - fewer), mean over samples and regions, summed over the kinds of costs.

    0 where more modalities cost no more. The gradient reaches both answers, as in the authors'
    code: the one from more modalities is drawn down, the one from fewer is held back.

    Args:
        more: costs (kinds, N, K) of the answers from more modalities. fewer: likewise.
    """
    excess = F.relu(more - fewer)
    count = reduce(torch.tensor(float(excess[0].numel()), device=excess.device))
    return reduce(excess.sum()) / count.clamp(min=1)
