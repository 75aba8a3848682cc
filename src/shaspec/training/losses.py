"""The terms that losses are made of, each a small function over tensors.

Every mean is a sum divided by a count, and both pass through ``reduce``, which sums a tensor over
all processes of a run. So the loss of a batch does not depend on the number of processes.

Masks are 0 or 1 and shaped like the logits. ``exclusive`` masks have the background as their first
channel and are one-hot; a voxel without any 1 is ignored.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor

from shaspec.training.region_sums import RegionSums, region_sums

HALVINGS = 24  # of an interval below 1: to the last bit of a float
Reduce = Callable[[Tensor], Tensor]
"""Adds a tensor up over all processes, differentiably."""


def no_reduce(values: Tensor) -> Tensor:
    """`Reduce` of a single process: nothing to add."""
    return values


def dice_loss(
    logits: Tensor,
    target: Tensor,
    *,
    exclusive: bool = False,
    batch: bool = False,
    smooth: float = 0.0,
    reduce: Reduce = no_reduce,
) -> Tensor:
    """Soft Dice loss, mean over samples and regions (labels if ``exclusive``).

    Args:
        logits: (N, K, *spatial). target: masks of the same shape.
        exclusive: softmax, and Dice of all channels but the background (nnU-Net, MAML); otherwise
            a sigmoid per region (ShaSpec).
        batch: add numerator and denominator over the samples first (nnU-Net, MAML). False is the
            way of ShaSpec's authors.
        smooth: voxels added to both sides of the fraction; 0 is the authors' way. Without it a
            region that is not there costs 1 whatever the network says, so nothing teaches it to
            leave the region empty; with it, false voxels of a lesion smaller than this count.
    """
    if not exclusive:
        sums = region_sums(logits, target)
        return dice_of(sums, batch=batch, smooth=smooth, reduce=reduce)
    t = target.to(logits.dtype)
    labelled = t.sum(1, keepdim=True)
    p, t = torch.softmax(logits, dim=1)[:, 1:] * labelled, t[:, 1:]
    overlap, size = (p * t).flatten(2).sum(2), (p + t).flatten(2).sum(2)
    sums = RegionSums(overlap, size, torch.zeros_like(size))
    return dice_of(sums, batch=batch, smooth=smooth, reduce=reduce)


def dice_of(
    sums: RegionSums, *, batch: bool = False, smooth: float = 0.0, reduce: Reduce = no_reduce
) -> Tensor:
    """`dice_loss` from sums that are already known."""
    overlap, size = sums.overlap, sums.size
    if batch:
        overlap, size = reduce(torch.stack([overlap.sum(0), size.sum(0)]))
    loss = 1 - (2 * overlap + smooth) / (size + smooth + 1)
    return loss.mean() if batch else _mean(loss.mean(1), reduce)


def bce_loss(logits: Tensor, target: Tensor, *, reduce: Reduce = no_reduce) -> Tensor:
    """Binary cross entropy: mean over voxels and samples, summed over the regions (ShaSpec)."""
    return bce_of(region_sums(logits, target), reduce=reduce)


def bce_of(sums: RegionSums, *, reduce: Reduce = no_reduce) -> Tensor:
    """`bce_loss` from sums that are already known."""
    return _mean(sums.entropy.sum(1), reduce)


def ce_loss(logits: Tensor, target: Tensor, *, reduce: Reduce = no_reduce) -> Tensor:
    """Cross entropy of a softmax, mean over the voxels (or samples) that are not ignored."""
    loss, labelled = _cross_entropy(logits, target)
    return _mean(loss[labelled], reduce)


def ohem_loss(
    logits: Tensor,
    target: Tensor,
    *,
    threshold: float = 0.7,
    least: float = 0.08,
    reduce: Reduce = no_reduce,
) -> Tensor:
    """Cross entropy over the hard voxels only (Shrivastava et al., CVPR 2016; as used by M3L).

    A voxel is hard if the softmax gives its true class at most ``threshold``. If fewer than the
    share ``least`` of all voxels of the batch are, the hardest that make up this share are taken.
    """
    loss, labelled = _cross_entropy(logits, target)
    kept = loss[labelled]
    chance = torch.exp(-kept.detach())  # of the true class
    counts = reduce(torch.tensor([loss.numel(), len(kept)], device=loss.device))
    least_count = (least * counts[0]).floor().clamp(min=1).minimum(counts[1])
    limit = _limit(chance, threshold, least_count, reduce)
    return _mean(kept[chance <= limit], reduce)


def _limit(chance: Tensor, threshold: float, least_count: Tensor, reduce: Reduce) -> Tensor:
    """``threshold``, or the least value up to which ``least_count`` chances of all processes lie.

    Bisection needs only sums, whereas sorting would need the voxels of all processes.
    """
    low, high = chance.new_tensor(threshold), chance.new_ones(())
    enough = reduce((chance <= low).sum()) >= least_count
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        reached = reduce((chance <= middle).sum()) >= least_count
        low, high = torch.where(reached, low, middle), torch.where(reached, middle, high)
    return torch.where(enough, threshold, high)


def alignment_loss(shared: Tensor, present: Tensor, *, reduce: Reduce = no_reduce) -> Tensor:
    """Distribution alignment: L1 between shared features of neighbours among the present (Eq. 9).

    The authors add up the pairs 0-1, 1-2, ... and last-first; here the cycle runs over the
    modalities that a sample has. With two that is there and back: their pair counts twice. With
    one modality there is nothing to align: 0.

    Args:
        shared: (N*M, C, ...), row ``n * M + m``.
        present: bool (N, M).
    """
    n, m = present.shape
    rows = shared.view(n, m, *shared.shape[1:])
    losses = []
    for sample, there in zip(rows, present.tolist(), strict=True):
        index = [i for i, yes in enumerate(there) if yes]
        pairs = zip(index, index[1:] + index[:1], strict=True) if len(index) > 1 else ()
        terms = [F.l1_loss(sample[a], sample[b]) for a, b in pairs]
        losses.append(torch.stack(terms).sum() if terms else shared.new_zeros(()))
    return _mean(torch.stack(losses), reduce)


def domain_loss(domain_logits: Tensor, present: Tensor, *, reduce: Reduce = no_reduce) -> Tensor:
    """Cross entropy of guessing the modality from its specific feature, present rows only (Eq. 9).

    Args:
        domain_logits: (N*M, M), row ``n * M + m``.
        present: bool (N, M).
    """
    n, m = present.shape
    target = torch.arange(m, device=domain_logits.device).repeat(n)
    rows = present.flatten().to(domain_logits.device)
    loss = F.cross_entropy(domain_logits[rows], target[rows], reduction="none")
    return _mean(loss, reduce)


def deep_weights(levels: int) -> list[float]:
    """Weights of deep supervision, full resolution first (nnU-Net, MAML).

    Each level counts half of the one before, the coarsest nothing; they add up to 1. For 5 levels
    (1, .5, .25, .125, 0) / 1.875.
    """
    weights = [0.5**k for k in range(levels)]
    if levels > 1:
        weights[-1] = 0.0
    return [w / sum(weights) for w in weights]


def _cross_entropy(logits: Tensor, target: Tensor) -> tuple[Tensor, Tensor]:
    """(N, *spatial): cross entropy, and where it is known what is right."""
    target = target.to(logits.dtype)
    loss = -(target * F.log_softmax(logits, dim=1)).sum(1)
    return loss, target.sum(1) > 0


def _mean(values: Tensor, reduce: Reduce) -> Tensor:
    """Mean over all processes, 0 of nothing."""
    count = reduce(torch.tensor(float(values.numel()), device=values.device))
    return reduce(values.sum()) / count.clamp(min=1)
