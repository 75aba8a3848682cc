"""The terms of ShaSpec's loss (Eq. 9), over present modalities only."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor


def dice_loss(
    logits: Tensor, target: Tensor, *, batch: bool = False, smooth: float = 0.0
) -> Tensor:
    """Soft Dice loss of sigmoid regions, mean over samples and regions.

    Args:
        logits: (N, K, *spatial). target: the same shape, 0 or 1.
        batch: add numerator and denominator over the samples first. False is the authors' way.
        smooth: voxels added to both sides of the fraction; 0 is the authors' way. Without it a
            region that is not there costs 1 whatever the network says, so nothing teaches it to
            leave the region empty; with it, false voxels of a lesion smaller than this count.
    """
    p = torch.sigmoid(logits).flatten(2)
    t = target.flatten(2).to(p.dtype)
    overlap, size = (p * t).sum(2), p.sum(2) + t.sum(2)
    if batch:
        overlap, size = overlap.sum(0), size.sum(0)
    return (1 - (2 * overlap + smooth) / (size + smooth + 1)).mean()


def bce_loss(logits: Tensor, target: Tensor) -> Tensor:
    """Binary cross entropy: mean over voxels and samples, summed over the regions."""
    loss = F.binary_cross_entropy_with_logits(logits, target.to(logits.dtype), reduction="none")
    return loss.transpose(0, 1).flatten(1).mean(1).sum()


def alignment_loss(shared: Tensor, present: Tensor) -> Tensor:
    """Distribution alignment: L1 between shared features of neighbours among the present.

    The authors add up the pairs 0-1, 1-2, ... and last-first; here the cycle runs over the
    modalities that a sample has. With one modality there is nothing to align: 0.

    Args:
        shared: (N*M, C, ...), row ``n * M + m``.
        present: bool (N, M).
    """
    n, m = present.shape
    rows = shared.view(n, m, *shared.shape[1:])
    losses = []
    for sample, there in zip(rows, present.tolist(), strict=True):
        index = [i for i, yes in enumerate(there) if yes]
        if len(index) > 1:
            pairs = zip(index, index[1:] + index[:1], strict=True)
            losses.append(sum(F.l1_loss(sample[a], sample[b]) for a, b in pairs))
    if not losses:
        return shared.new_zeros(())
    return torch.stack([torch.as_tensor(x) for x in losses]).sum() / n


def domain_loss(domain_logits: Tensor, present: Tensor) -> Tensor:
    """Cross entropy of guessing the modality from its specific feature, present rows only.

    Args:
        domain_logits: (N*M, M), row ``n * M + m``.
        present: bool (N, M).
    """
    n, m = present.shape
    target = torch.arange(m, device=domain_logits.device).repeat(n)
    rows = present.flatten().to(domain_logits.device)
    return F.cross_entropy(domain_logits[rows], target[rows])
