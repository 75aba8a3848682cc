"""Temperature scaling of probabilities (Guo et al., ICML 2017, arXiv:1706.04599)."""

from __future__ import annotations

import torch
from torch import Tensor

ABOVE_HALF = 0.5 + 2.0**-24
"""The smallest float32 above one half, where a region begins."""


def tempered(probabilities: Tensor, temperature: float) -> Tensor:
    """``sigmoid(logit(p) / temperature)`` at every voxel.

    Monotone, and 0, one half and 1 stay what they are: above one half remains above one half in
    float32, so thresholds of one half give the same labels.

    Args:
        probabilities: float32 of any shape, 0 to 1.
        temperature: above 0; above 1 moves probabilities towards one half.

    Returns:
        Probabilities of the same shape; ``probabilities`` itself at temperature 1.
    """
    if temperature == 1:
        return probabilities
    scaled = torch.sigmoid(torch.logit(probabilities) / temperature)
    return torch.where(probabilities > 0.5, scaled.clamp(min=ABOVE_HALF), scaled)
