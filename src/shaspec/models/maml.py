"""MAML: one U-Net per modality, joined by modality-aware attention (Zhang et al., MICCAI 2021).

The paper's figure from left to right: every modality has its own U-Net with its own segmentation;
the last full-resolution features F_1 .. F_M of the U-Nets are fused into F_f; for every modality an
attention map A_i is computed from F_i and F_f; the sum of A_i * F_i is segmented jointly. Every
U-Net also learns from the joint loss, hence "mutual" learning.

The authors' code does not support absent modalities. Here an absent modality adds nothing to the
fusion and to the sum, and a single modality is segmented by its own U-Net, as the authors advise.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from shaspec.models.base import (
    Features,
    Network,
    Output,
    all_rows,
    any_row,
    only_present,
    presence,
    row_mask,
)
from shaspec.models.blocks import (
    SLOPE,
    Dims,
    InstanceNorm,
    conv_class,
    convolve,
    double_size,
    fast_conv_class,
)
from shaspec.models.config import UNetConfig


class MamlConfig(UNetConfig):
    """Configuration of a MAML network."""

    join_kernel: int = 3
    """Kernel of the fusion and of the attention, which work at full resolution."""
    exclusive: bool = True
    """Trained with a softmax over background and labels, as the authors do."""


@dataclass
class MamlOutput(Output):
    """By modality index; rows of samples without that modality are zero."""

    joint_logits: Tensor
    """(N, K, *spatial) of the joint head, also for samples with a single modality."""
    modality_logits: dict[int, Tensor]
    """(N, K, *spatial) of each U-Net."""
    deep_logits: dict[int, list[Tensor]]
    """Logits of each U-Net at 1/2, 1/4, ... of the size, for deep supervision."""
    attention: dict[int, Tensor]
    """A_i (N, base_features, *spatial), 0 to 1."""
    fused: Tensor
    """F_f (N, base_features, *spatial)."""


def conv_block(
    dims: Dims, in_channels: int, out_channels: int, stride: int = 1, kernel: int = 3
) -> nn.Sequential:
    """nnU-Net's unit: convolution with bias, instance norm, LeakyReLU."""
    conv = fast_conv_class(dims)(in_channels, out_channels, kernel, stride, padding=kernel // 2)
    return nn.Sequential(conv, InstanceNorm(out_channels), nn.LeakyReLU(SLOPE, inplace=True))


class UNet(nn.Module):
    """nnU-Net's plain U-Net: (N, C, *spatial) -> full-resolution feature, logits of all levels."""

    def __init__(self, c: UNetConfig) -> None:
        super().__init__()
        widths = [min(c.base_features * 2**k, c.max_features) for k in range(c.n_downsamplings + 1)]
        self.down = nn.ModuleList()
        before = c.in_channels
        for k, width in enumerate(widths):
            self.down.append(self._level(c, before, width, stride=1 if k == 0 else 2))
            before = width
        self.ups, self.levels, self.heads = nn.ModuleList(), nn.ModuleList(), nn.ModuleList()
        for width in widths[-2::-1]:  # deepest first
            self.ups.append(double_size(c.dims, before, width))
            self.levels.append(self._level(c, 2 * width, width))
            self.heads.append(conv_class(c.dims)(width, c.out_channels, 1, bias=False))
            before = width

    @staticmethod
    def _level(c: UNetConfig, in_channels: int, width: int, stride: int = 1) -> nn.Sequential:
        first = conv_block(c.dims, in_channels, width, stride)
        rest = [conv_block(c.dims, width, width) for _ in range(c.convs - 1)]
        return nn.Sequential(first, *rest)

    def forward(self, x: Tensor) -> tuple[Tensor, list[Tensor]]:
        """Feature (N, base_features, *spatial) and logits, full resolution first, then halves."""
        features = list(self.features(x))
        logits = [head(f) for head, f in zip(self.heads, features, strict=True)]
        return features[-1], logits[::-1]

    def features(self, x: Tensor) -> Iterator[Tensor]:
        """Features of each level of the decoder, deepest first, full resolution last."""
        maps = []
        for level in self.down:
            x = level(x)
            maps.append(x)
        x = maps.pop()
        for up, level in zip(self.ups, self.levels, strict=True):
            x = level(torch.cat([up(x), maps.pop()], dim=1))
            yield x


class MamlFusion(nn.Module):
    """F_f: one convolution over the features of all modalities side by side.

    The convolution is linear, hence a sum of one `term` per modality: the terms are computed with
    the modality and kept, and an absent modality adds nothing. The bias is added once.
    """

    def __init__(self, dims: Dims, modalities: int, channels: int, kernel: int) -> None:
        super().__init__()
        self.channels, self.padding = channels, kernel // 2
        self.conv = conv_class(dims)(modalities * channels, channels, kernel, padding=self.padding)

    def term(self, feature: Tensor, modality: int) -> Tensor:
        """The term of F_i (N, C, *spatial) of modality ``modality``: (N, C, *spatial)."""
        columns = slice(modality * self.channels, (modality + 1) * self.channels)
        return convolve(feature, self.conv.weight[:, columns], padding=self.padding)

    def forward(self, terms: Sequence[Tensor]) -> Tensor:
        """The terms of the present modalities -> F_f (N, C, *spatial)."""
        assert self.conv.bias is not None
        bias = self.conv.bias.to(terms[0].dtype).view(-1, *(1,) * (terms[0].dim() - 2))
        return sum(terms[1:], start=terms[0] + bias)


class Attention(nn.Sequential):
    """A_i = sigmoid(conv(LeakyReLU(norm(conv(F_i, F_f))))): a gate per voxel and channel.

    The part of the first convolution that reads F_i is its `term`, which is kept with the modality.
    """

    def __init__(self, dims: Dims, channels: int, kernel: int) -> None:
        first = conv_block(dims, 2 * channels, channels, kernel=kernel)
        last = conv_class(dims)(channels, channels, kernel, padding=kernel // 2)
        super().__init__(first, last, nn.Sigmoid())
        self.channels, self.padding = channels, kernel // 2

    def term(self, feature: Tensor) -> Tensor:
        """F_i (N, C, *spatial) -> its part of the first convolution, with the bias."""
        conv = self.get_submodule("0.0")
        assert isinstance(conv, nn.Conv2d | nn.Conv3d)
        return convolve(feature, conv.weight[:, : self.channels], conv.bias, padding=self.padding)

    def attend(self, term: Tensor, fused: Tensor) -> Tensor:
        """`term` of F_i and F_f (N, C, *spatial) -> A_i (N, C, *spatial)."""
        conv, norm, last = (self.get_submodule(name) for name in ("0.0", "0.1", "1"))
        columns = conv.get_parameter("weight")[:, self.channels :]
        x = norm(convolve(fused, columns, padding=self.padding) + term)
        return torch.sigmoid(last(F.leaky_relu(x, SLOPE, inplace=True)))


class Maml(Network):
    """The segmentation network; see `MamlConfig` and the presets in `registry`."""

    feature_names: ClassVar[tuple[str, ...]] = ("feature",)

    def __init__(self, config: MamlConfig) -> None:
        super().__init__()
        c = self.config = config
        self.modalities, self.exclusive = c.modalities, c.exclusive
        self.in_channels = c.in_channels
        self.divisor = (2**c.n_downsamplings,) * c.dims
        self.unets = nn.ModuleList(UNet(c) for _ in range(c.modalities))
        self.fusion = MamlFusion(c.dims, c.modalities, c.base_features, c.join_kernel)
        self.attentions = nn.ModuleList(
            Attention(c.dims, c.base_features, c.join_kernel) for _ in range(c.modalities)
        )
        self.head = conv_class(c.dims)(c.base_features, c.out_channels, 1, bias=False)

    def encode(self, image: Tensor, modality: int) -> Features:
        """The modality's U-Net: (N, C, *spatial) -> feature F_i, logits at every size, and the
        terms of F_i in the fusion and in the attention."""
        feature, logits = self.unets[modality](self.widened(image))
        deep = {f"deep{k}": value for k, value in enumerate(logits[1:], start=1)}
        terms = {
            "fusion": self.fusion.term(feature, modality),
            "gate": self._attention(modality).term(feature),
        }
        return {"feature": feature, "logits": logits[0], **terms, **deep}

    def joint_features(
        self, features: Mapping[int, Features], present: Tensor
    ) -> dict[str, dict[int, Tensor]]:
        """``attention``: A_i of each present modality."""
        return {"attention": self.decode(features, present).attention}

    def decode(self, features: Mapping[int, Features], present: Tensor | None = None) -> MamlOutput:
        """Fusion, attention, joint head of the present modalities -> logits (N, K, *spatial)."""
        present = presence(features, self.modalities, present)
        features = only_present(features, present)
        fused = self.fusion([f["fusion"] for f in features.values()])
        attention: dict[int, Tensor] = {}
        attended = torch.zeros((), dtype=fused.dtype, device=fused.device)
        for m, f in features.items():
            gate = self._attention(m).attend(f["gate"], fused)
            attention[m] = gate if all_rows(present[:, m]) else gate * row_mask(present, m, gate)
            attended = attended + attention[m] * f["feature"]
        joint = self.head(attended)
        own = {m: f["logits"] for m, f in features.items()}
        return MamlOutput(
            joint if self.training else self._with_single(joint, own, present),
            joint_logits=joint,
            modality_logits=own,
            deep_logits={
                m: [f[f"deep{k}"] for k in range(1, self.config.n_downsamplings)]
                for m, f in features.items()
            },
            attention=attention,
            fused=fused,
        )

    def _attention(self, modality: int) -> Attention:
        attention = self.attentions[modality]
        assert isinstance(attention, Attention)
        return attention

    @staticmethod
    def _with_single(joint: Tensor, own: Mapping[int, Tensor], present: Tensor) -> Tensor:
        """Logits in which samples with a single modality get those of its own U-Net."""
        single = (present.sum(dim=1) == 1).view(-1, *(1,) * (joint.dim() - 1))
        if not any_row(single):
            return joint
        # Rows of absent modalities are zero, so the sum is the only present one's.
        return torch.where(single, torch.stack(list(own.values())).sum(dim=0), joint)
