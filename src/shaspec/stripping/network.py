"""The network that finds the brain in one scan: a small residual U-Net at `VOXEL_MM`.

It works on blocks of two voxels a side, whose voxels are channels, which takes a fraction of the
time of a level with single voxels.
"""

from __future__ import annotations

from itertools import pairwise

import torch.nn.functional as F
from torch import Tensor, nn

WIDTHS = (32, 48, 64, 80)
BLOCK = 2
DIVISOR = BLOCK * 2 ** (len(WIDTHS) - 1)
"""Every side of the input must be a multiple of this."""
GROUPS = 4


class Residual(nn.Module):
    """Two convolutions beside the identity, each after a normalisation."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.one = nn.Conv3d(channels, channels, 3, padding=1, bias=False)
        self.two = nn.Conv3d(channels, channels, 3, padding=1)
        self.first = nn.GroupNorm(GROUPS, channels)
        self.second = nn.GroupNorm(GROUPS, channels)

    def forward(self, x: Tensor) -> Tensor:
        inner = self.one(F.relu(self.first(x)))
        out: Tensor = x + self.two(F.relu(self.second(inner)))
        return out


class StripNetwork(nn.Module):
    """Logits of the brain."""

    def __init__(self, widths: tuple[int, ...] = WIDTHS) -> None:
        super().__init__()
        self.widths = widths
        pairs = list(pairwise(widths))
        self.stem = nn.Conv3d(BLOCK**3, widths[0], 3, padding=1)
        self.encode = nn.ModuleList(Residual(width) for width in widths)
        self.down = nn.ModuleList(nn.Conv3d(a, b, 2, stride=2) for a, b in pairs)
        self.up = nn.ModuleList(nn.ConvTranspose3d(b, a, 2, stride=2) for a, b in pairs)
        self.decode = nn.ModuleList(Residual(width) for width in widths[:-1])
        self.norm = nn.GroupNorm(GROUPS, widths[0])
        self.head = nn.Conv3d(widths[0], BLOCK**3, 1)

    def forward(self, x: Tensor) -> Tensor:
        """(N, 1, S, P, L) scaled scans -> logits of the same shape; sides of `DIVISOR` * n."""
        x = self.encode[0](self.stem(_to_blocks(x)))
        skips = []
        for down, encode in zip(self.down, self.encode[1:], strict=True):
            skips.append(x)
            x = encode(down(x))
        for skip, up, decode in reversed(list(zip(skips, self.up, self.decode, strict=True))):
            x = decode(up(x) + skip)
        return _from_blocks(self.head(F.relu(self.norm(x))))


def _to_blocks(x: Tensor) -> Tensor:
    """(N, 1, S, P, L) -> (N, `BLOCK` ** 3, S / `BLOCK`, ...)."""
    n, _, *sides = x.shape
    parts = [value for side in sides for value in (side // BLOCK, BLOCK)]
    split = x.reshape(n, *parts).permute(0, 2, 4, 6, 1, 3, 5)
    return split.reshape(n, BLOCK**3, *(side // BLOCK for side in sides))


def _from_blocks(x: Tensor) -> Tensor:
    """The inverse of `_to_blocks`."""
    n, _, *sides = x.shape
    split = x.reshape(n, BLOCK, BLOCK, BLOCK, *sides).permute(0, 4, 1, 5, 2, 6, 3)
    return split.reshape(n, 1, *(side * BLOCK for side in sides))
