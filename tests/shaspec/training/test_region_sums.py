"""The sums that the losses of regions are made of, against PyTorch's own functions."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from shaspec.training.region_sums import region_sums


def composed(logits: Tensor, target: Tensor) -> list[Tensor]:
    """The same from PyTorch's operations."""
    p = torch.sigmoid(logits)
    entropy = F.binary_cross_entropy_with_logits(logits, target, reduction="none")
    overlap, size = (p * target).flatten(2).sum(2), (p + target).flatten(2).sum(2)
    return [overlap, size, entropy.flatten(2).mean(2)]


@pytest.mark.parametrize("shares", [False, True], ids=["masks", "shares of a voxel"])
@pytest.mark.parametrize("spread", [1.0, 30.0])
def test_values_and_gradients_are_those_of_the_composed_operations(
    spread: float, shares: bool
) -> None:
    torch.manual_seed(0)
    logits = (spread * torch.randn(2, 3, 4, 5, 6, dtype=torch.float64)).requires_grad_()
    target = torch.rand(2, 3, 4, 5, 6, dtype=torch.float64)
    target = target if shares else target.round()
    weights = torch.randn(3, 2, 3, dtype=torch.float64)
    gradients = []
    for sums in (region_sums, composed):
        found = torch.stack(list(sums(logits, target)))
        torch.testing.assert_close(found, torch.stack(composed(logits, target)))
        gradients += torch.autograd.grad((found * weights).sum(), logits)
    torch.testing.assert_close(*gradients)
