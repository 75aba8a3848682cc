"""SegFormer's encoder (Mix Transformer) with several streams that exchange in every block.

All streams share all weights but their layer norms. Tokens are (M, N, L, C): stream, sample, place,
channel; a place is one of the ``L = prod(size)`` of a map. 2D and 3D.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import prod

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from shaspec.models.blocks import Dims, conv_class
from shaspec.models.depthwise import depthwise_conv

Size = Sequence[int]


def to_tokens(maps: Tensor, streams: int) -> Tensor:
    """Maps (M*N, C, *size) -> tokens (M, N, L, C)."""
    tokens = maps.flatten(2).transpose(1, 2)
    return tokens.view(streams, -1, *tokens.shape[1:])


def to_maps(tokens: Tensor, size: Size) -> Tensor:
    """Tokens (M, N, L, C) -> maps (M*N, C, *size)."""
    maps = tokens.flatten(0, 1).transpose(1, 2)
    return maps.reshape(*maps.shape[:2], *size)


def linear_fusion(x: Tensor, ratio: float) -> Tensor:
    """Each stream keeps ``ratio`` of itself and takes the rest from the mean of the others.

    For two streams the paper's: y0 = a x0 + (1 - a) x1 and y1 = (1 - a) x0 + a x1. ``x`` (M, ...).
    """
    others = (x.sum(dim=0, keepdim=True) - x) / (len(x) - 1)
    return ratio * x + (1 - ratio) * others


class StreamNorm(nn.ModuleList):
    """One layer norm per stream: the only weights that streams do not share."""

    def __init__(self, streams: int, channels: int) -> None:
        super().__init__(nn.LayerNorm(channels, eps=1e-6) for _ in range(streams))

    def forward(self, x: Tensor) -> Tensor:
        return torch.stack([norm(stream) for norm, stream in zip(self, x, strict=True)])


class PatchEmbedding(nn.Module):
    """Overlapping patches: a strided convolution and a norm.

    ``mask_token`` replaces every token of an absent modality. Only the first stage uses it, but the
    published weights have one in each stage.
    """

    def __init__(
        self, dims: Dims, streams: int, in_channels: int, channels: int, kernel: int, stride: int
    ) -> None:
        super().__init__()
        self.conv = conv_class(dims)(in_channels, channels, kernel, stride, padding=kernel // 2)
        self.norm = StreamNorm(streams, channels)
        self.mask_token = nn.Parameter(torch.empty(channels))
        if not self.mask_token.is_meta:  # as in `_initialise`
            nn.init.trunc_normal_(self.mask_token, std=0.02)
        self.streams = streams

    def forward(self, maps: Tensor, present: Tensor | None = None) -> tuple[Tensor, Size]:
        """Maps (M*N, C, *size) -> tokens (M, N, L, C), masked where not ``present`` (N, M)."""
        x = self.conv(maps)
        size, tokens = x.shape[2:], self.norm(to_tokens(x, self.streams))
        if present is not None:
            there = present.T[:, :, None, None]
            tokens = torch.where(there, tokens, self.mask_token)
        return tokens, size


class Attention(nn.Module):
    """Self-attention within a stream; keys and values from a map reduced ``reduction`` times."""

    def __init__(self, dims: Dims, streams: int, channels: int, heads: int, reduction: int) -> None:
        super().__init__()
        self.heads = heads
        self.query = nn.Linear(channels, channels)
        self.key_value = nn.Linear(channels, 2 * channels)
        self.projection = nn.Linear(channels, channels)
        self.reduce: nn.Module | None = None
        if reduction > 1:
            self.reduce = conv_class(dims)(channels, channels, reduction, stride=reduction)
            self.reduce_norm = StreamNorm(streams, channels)

    def forward(self, x: Tensor, size: Size) -> Tensor:
        """Tokens (M, N, L, C) -> the same shape."""
        context = x
        if self.reduce is not None:
            reduced = self.reduce(to_maps(x, size))
            context = self.reduce_norm(to_tokens(reduced, len(x)))
        query = self._by_head(self.query(x))
        key, value = (self._by_head(t) for t in self.key_value(context).chunk(2, dim=-1))
        attended = F.scaled_dot_product_attention(query, key, value)
        result: Tensor = self.projection(attended.transpose(1, 2).flatten(2).view_as(x))
        return result

    def _by_head(self, tokens: Tensor) -> Tensor:
        """(M, N, L, C) -> (M*N, heads, L, C / heads)."""
        flat = tokens.flatten(0, 1)
        return flat.view(*flat.shape[:2], self.heads, -1).transpose(1, 2)


class MixFeedForward(nn.Module):
    """Linear, depthwise 3x3 convolution (encodes positions), GELU, linear."""

    def __init__(self, dims: Dims, channels: int, ratio: int) -> None:
        super().__init__()
        hidden = ratio * channels
        self.expand = nn.Linear(channels, hidden)
        self.depthwise = conv_class(dims)(hidden, hidden, 3, padding=1, groups=hidden)
        self.contract = nn.Linear(hidden, channels)

    def forward(self, x: Tensor, size: Size) -> Tensor:
        """Tokens (M, N, L, C) -> the same shape."""
        kernels, bias = self.depthwise.weight, self.depthwise.bias
        maps = depthwise_conv(to_maps(self.expand(x), size), kernels, bias)
        result: Tensor = self.contract(F.gelu(to_tokens(maps, len(x))))
        return result


class Block(nn.Module):
    """Attention and feed-forward, each a residual; the streams exchange after the attention."""

    def __init__(
        self,
        dims: Dims,
        streams: int,
        channels: int,
        heads: int,
        reduction: int,
        mlp_ratio: int,
        fusion_ratio: float,
        drop: float,
    ) -> None:
        super().__init__()
        self.norm1 = StreamNorm(streams, channels)
        self.attention = Attention(dims, streams, channels, heads, reduction)
        self.norm2 = StreamNorm(streams, channels)
        self.mlp = MixFeedForward(dims, channels, mlp_ratio)
        self.fusion_ratio, self.drop = fusion_ratio, drop

    def forward(self, x: Tensor, size: Size) -> Tensor:
        """Tokens (M, N, L, C) -> the same shape."""
        attended = self.attention(self.norm1(x), size)
        x = x + self._drop_path(linear_fusion(attended, self.fusion_ratio))
        return x + self._drop_path(self.mlp(self.norm2(x), size))

    def _drop_path(self, x: Tensor) -> Tensor:
        """Stochastic depth in training: leave the residual out for some streams of some samples."""
        if not self.training or self.drop == 0:
            return x
        kept = torch.rand(*x.shape[:2], 1, 1, device=x.device) >= self.drop
        return x * kept / (1 - self.drop)


class Stage(nn.Module):
    """Patches, blocks, norm: one of the four resolutions."""

    def __init__(self, embedding: PatchEmbedding, blocks: Sequence[Block], channels: int) -> None:
        super().__init__()
        self.embedding = embedding
        self.blocks = nn.ModuleList(blocks)
        self.norm = StreamNorm(embedding.streams, channels)

    def forward(self, maps: Tensor, present: Tensor | None = None) -> Tensor:
        """Maps (M*N, C, *size) -> maps (M*N, C', *smaller)."""
        x, size = self.embedding(maps, present)
        for block in self.blocks:
            x = block(x, size)
        return to_maps(self.norm(x), size)


def mix_transformer(
    dims: Dims,
    streams: int,
    in_channels: int,
    widths: Sequence[int],
    depths: Sequence[int],
    heads: Sequence[int],
    reductions: Sequence[int],
    mlp_ratio: int,
    fusion_ratio: float,
    drop: float,
) -> nn.ModuleList:
    """Stages at 1/4, 1/8, 1/16, ... of the size; ``drop`` grows from 0 to its value in depth."""
    drops = torch.linspace(0, drop, sum(depths), device="cpu").tolist()
    stages, before = nn.ModuleList(), in_channels
    for k, (width, depth) in enumerate(zip(widths, depths, strict=True)):
        kernel, stride = (7, 4) if k == 0 else (3, 2)
        embedding = PatchEmbedding(dims, streams, before, width, kernel, stride)
        blocks = [
            Block(
                dims, streams, width, heads[k], reductions[k], mlp_ratio, fusion_ratio, drops.pop(0)
            )
            for _ in range(depth)
        ]
        stages.append(Stage(embedding, blocks, width))
        before = width
    for module in stages.modules():
        if not any(p.is_meta for p in module.parameters()):  # would import torch's compiler
            _initialise(module)
    return stages


def _initialise(module: nn.Module) -> None:
    """SegFormer's initialisation: small normal linear weights, convolutions by fan-out, no bias."""
    if isinstance(module, nn.Linear):
        nn.init.trunc_normal_(module.weight, std=0.02)
    elif isinstance(module, (nn.Conv2d, nn.Conv3d)):
        fan_out = prod(module.kernel_size) * module.out_channels // module.groups
        nn.init.normal_(module.weight, std=(2 / fan_out) ** 0.5)
    else:
        return
    if module.bias is not None:
        nn.init.zeros_(module.bias)
