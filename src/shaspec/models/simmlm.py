"""SimMLM: one U-Net per modality, mixed by a gate (Li et al., ICCV 2025).

Every modality has an expert, a U-Net with only this modality as input. A small gate takes all
present images and computes one weight per modality and output channel; the result is the weighted
sum of the experts' logits. Absent modalities have weight 0, and a single modality has weight 1. The
authors call it a dynamic mixture of modality experts.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

import torch
from pydantic import Field
from torch import Tensor, nn

from shaspec.models.base import Features, Network, Output, only_present, presence
from shaspec.models.blocks import Conv, InstanceNorm, conv_class
from shaspec.models.config import UNetConfig
from shaspec.models.maml import UNet
from shaspec.models.resize import AveragePool

POOLED = 4
"""Size per axis of the gate's last map: that of the published gate for windows of 128."""


RARE = 0.05
"""Initial probability of a region in an untrained expert, as for rare classes in Lin et al. (Focal
Loss, ICCV 2017). Starting at one half, the network needs hundreds of steps to learn that most
voxels are background."""


class SimMlmConfig(UNetConfig):
    """Configuration of a SimMLM network; the defaults are the published ones."""

    old_names: ClassVar[Mapping[str, str]] = {
        **UNetConfig.old_names,
        "gate_halvings": "n_gate_downsamplings",
    }

    base_features: int = 8
    max_features: int = 80
    stem_stride: int = Field(default=1, ge=1)
    """Stride of the first convolution of an expert. Its logits are smaller than the image by this
    factor, and are interpolated linearly after mixing."""
    n_gate_downsamplings: int = Field(default=5, ge=1)
    """Convolutions of the gate, each with stride 2."""
    exclusive: bool = False
    """Trained with a softmax over background and labels."""


@dataclass
class SimMlmOutput(Output):
    """With ``present`` (V, N, M), row v * N + n of logits and weights is subset v of sample n."""

    expert_logits: dict[int, Tensor]
    """(N, K, *small) of every expert by modality index; rows without that modality are zero."""
    weights: Tensor
    """(N, M, K): the gate's weight of each modality in each output channel. They add up to 1 over
    the present modalities; absent ones have 0."""

    def modality_weights(self) -> Tensor:
        """The gate's weights (N, M, K)."""
        return self.weights

    def per_subset(self, subsets: int) -> list[SimMlmOutput]:
        """The outputs of V subsets one by one; only the first has the logits of the experts."""
        parts = zip(self.small.chunk(subsets), self.weights.chunk(subsets), strict=True)
        experts = [self.expert_logits, *({} for _ in range(subsets - 1))]
        return [
            SimMlmOutput(lo, own, w, size=self.size)
            for (lo, w), own in zip(parts, experts, strict=True)
        ]


class Expert(UNet):
    """One modality's U-Net with logits at the size of its first level: no deep supervision."""

    def __init__(self, c: SimMlmConfig) -> None:
        super().__init__(c)
        self.down[0] = self._level(c, c.in_channels, c.base_features, stride=c.stem_stride)
        head = conv_class(c.dims)(c.base_features, c.out_channels, 1)
        assert head.bias is not None
        if not c.exclusive:
            nn.init.constant_(head.bias, math.log(RARE / (1 - RARE)))
        self.heads = nn.ModuleList([head])

    def logits(self, image: Tensor) -> Tensor:
        """(N, C, *spatial) -> (N, K, *small)."""
        *_, feature = self.features(image)
        logits: Tensor = self.heads[0](feature)
        return logits


class Gate(nn.Module):
    """Convolutions of stride 2 over all present images, then a linear layer: a weight per modality.

    The first convolution is linear, hence a sum of one `term` per modality: the terms are computed
    with the modality and kept, and an absent modality adds nothing. It has no bias, which the
    instance norm after it would take away.
    """

    def __init__(self, c: SimMlmConfig) -> None:
        super().__init__()
        m = c.modalities
        self.modalities, self.channels = m, c.in_channels
        self.first = Conv(c.dims, m * c.in_channels, m, stride=2)
        layers: list[nn.Module] = [InstanceNorm(m), nn.ReLU()]
        for _ in range(c.n_gate_downsamplings - 1):
            layers += [Conv(c.dims, m, m, stride=2), InstanceNorm(m), nn.ReLU()]
        self.rest = nn.Sequential(*layers, AveragePool(POOLED), nn.Flatten())
        self.score = nn.Linear(m * POOLED**c.dims, m * c.out_channels)

    def term(self, image: Tensor, modality: int) -> Tensor:
        """The term of modality ``modality``: (N, C, *spatial) -> (N, M, *half)."""
        columns = slice(modality * self.channels, (modality + 1) * self.channels)
        return self.first.convolve(image, self.first.weight[:, columns])

    def forward(self, terms: Sequence[Tensor], present: Tensor) -> Tensor:
        """Terms of the modalities that some sample has, ``present`` (N, M) -> weights (N, M, K)."""
        scores = self.score(self.rest(torch.stack(list(terms)).sum(dim=0)))
        scores = scores.view(present.shape[0], self.modalities, -1)
        weights: Tensor = scores.masked_fill(~present[:, :, None], -torch.inf).softmax(dim=1)
        return weights


class SimMlm(Network):
    """The segmentation network; see `SimMlmConfig` and the presets in `registry`."""

    feature_names: ClassVar[tuple[str, ...]] = ("logits",)

    def __init__(self, config: SimMlmConfig) -> None:
        super().__init__()
        c = self.config = config
        self.modalities, self.exclusive = c.modalities, c.exclusive
        self.in_channels = c.in_channels
        self.divisor = (c.stem_stride * 2**c.n_downsamplings,) * c.dims
        self.experts = nn.ModuleList(Expert(c) for _ in range(c.modalities))
        self.gate = Gate(c)

    def encode(self, image: Tensor, modality: int) -> Features:
        """The expert's ``logits`` (N, K, *small), and ``gate``, its term of the gate."""
        image, expert = self.widened(image), self.experts[modality]
        assert isinstance(expert, Expert)
        return {"logits": expert.logits(image), "gate": self.gate.term(image, modality)}

    def joint_features(
        self, features: Mapping[int, Features], present: Tensor
    ) -> dict[str, dict[int, Tensor]]:
        """``weight``: the gate's weight of each present modality in each output channel, as a map
        (N, K, *small) that is constant in the window."""
        features = only_present(features, present)
        _, weights = self._mixed(features, present)
        maps = {m: f["logits"] for m, f in features.items()}
        return {"weight": {m: _over(weights, m, like).expand_as(like) for m, like in maps.items()}}

    def forward(self, x: Tensor | Sequence[Tensor], present: Tensor | None = None) -> SimMlmOutput:
        """As `Network.forward`. ``present`` may be (V, N, M) too: V subsets of every sample, for
        which the experts run once."""
        if present is None or present.dim() == 2:
            answer = super().forward(x, present)
            assert isinstance(answer, SimMlmOutput)
            return answer
        return self.decode(self.encode_batch(x, present.any(dim=0)), present)

    def decode(
        self, features: Mapping[int, Features], present: Tensor | None = None
    ) -> SimMlmOutput:
        """Gate and weighted sum over the present modalities; ``present`` (N, M) or (V, N, M)."""
        present = presence(features, self.modalities, present)
        subsets = present if present.dim() == 3 else present[None]
        features = only_present(features, subsets.any(dim=0))
        mixed = [self._mixed(only_present(features, rows), rows) for rows in subsets]
        logits, weights = (torch.cat(parts) for parts in zip(*mixed, strict=True))
        # Interpolated after the sum: interpolation is linear, so one for all experts does.
        stride = self.config.stem_stride
        size = tuple(n * stride for n in logits.shape[2:]) if stride > 1 else None
        own = {m: f["logits"] for m, f in features.items()}
        return SimMlmOutput(logits, expert_logits=own, weights=weights, size=size)

    def _mixed(self, features: Mapping[int, Features], present: Tensor) -> tuple[Tensor, Tensor]:
        """Mixed logits (N, K, *small) and the weights (N, M, K) of the mixture."""
        weights = self.gate([f["gate"] for f in features.values()], present)
        terms = [f["logits"] * _over(weights, m, f["logits"]) for m, f in features.items()]
        return torch.stack(terms).sum(dim=0), weights


def _over(weights: Tensor, modality: int, like: Tensor) -> Tensor:
    """Weights (N, K) of a modality, shaped to broadcast over maps ``like`` (N, K, *size)."""
    return weights[:, modality].view(*like.shape[:2], *(1,) * (like.dim() - 2))
