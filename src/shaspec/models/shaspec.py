"""ShaSpec: one shared and M specific encoders (Wang et al., CVPR 2023).

Figure 2 of the paper from left to right: every modality passes through the shared encoder and
through its own specific encoder; a residual fusion joins the two; the slot of an absent modality is
filled with the mean shared feature of the present ones (Eq. 4); one decoder segments.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import reduce
from typing import ClassVar, Literal

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from shaspec.models import voxelwise
from shaspec.models.base import Features, Network, Output, only_present, presence, row_mask
from shaspec.models.blocks import (
    SLOPE,
    Conv,
    Dims,
    InstanceNorm,
    Residual,
    double_size,
    fold_standardisation,
)
from shaspec.models.config import NetworkConfig
from shaspec.models.shaspec_encoder import Encoder, EncoderConfig


class ShaSpecConfig(NetworkConfig):
    """Configuration of a ShaSpec network."""

    modalities: int
    out_channels: int
    dims: Dims = 3
    in_channels: int = 1
    shared: EncoderConfig
    specific: EncoderConfig
    decoder_widths: tuple[int, ...]
    """Channels of the decoder levels, deepest first."""
    standardised: bool = True
    fallback: Literal["mean", "first"] = "mean"
    """Feature in an absent slot: the mean shared feature (paper) or the first one (code)."""
    specific_encoders: bool = True
    """False: without specific encoders, for ablations; fused features are then the shared ones."""
    zero_images: bool = False
    """The authors' code: an absent modality is a zero image that passes through the encoders."""


@dataclass
class ShaSpecOutput(Output):
    """Row ``n * M + m`` is modality m of sample n; rows of absent modalities are zero."""

    shared: Tensor
    """(N*M, C, *small) shared features."""
    specific: Tensor
    """(N*M, C, *small) specific features; zero in a network without specific encoders."""
    domain_logits: Tensor
    """(N*M, M): logits of the domain classifier for the specific features."""


class Fusion(nn.Module):
    """f = r + projection(r, s): residual fusion of shared and specific feature (Eq. 3).

    The paper calls it a linear projection; as in the authors' code it is a 3x3x3 convolution.
    """

    def __init__(self, dims: Dims, channels: int, ws: bool) -> None:
        super().__init__()
        self.conv = Conv(dims, 2 * channels, channels, 3, standardised=ws)

    def forward(self, shared: Tensor, specific: Tensor) -> Tensor:
        residual: Tensor = self.conv(torch.cat([shared, specific], dim=1))
        return shared + residual


class Skip(nn.Module):
    """1x1 convolution over the concatenated stage outputs of all modalities, norm, LeakyReLU.

    The convolution is linear, hence a sum of one `term` per modality: the terms are computed with
    the modality and kept, and an absent modality adds nothing.
    """

    def __init__(self, dims: Dims, modalities: int, channels: int, out: int, ws: bool) -> None:
        super().__init__()
        self.conv = Conv(dims, modalities * channels, out, 1, standardised=ws)
        self.norm = InstanceNorm(out)
        self.channels = channels

    def term(self, stage_output: Tensor, modality: int) -> Tensor:
        """The term of modality ``modality``: (N, channels, ...) -> (N, out, ...)."""
        # Standardised over the whole fan-in first, then split.
        columns = slice(modality * self.channels, (modality + 1) * self.channels)
        return self.conv.convolve(stage_output, self.conv.kernel_weight()[:, columns])

    def forward(self, terms: list[Tensor]) -> Tensor:
        return F.leaky_relu(self.norm(reduce(torch.add, terms)), SLOPE)


class ShaSpec(Network):
    """The segmentation network; see `ShaSpecConfig` and the presets in `registry`."""

    feature_names: ClassVar[tuple[str, ...]] = ("shared", "specific", "fused", "domain")

    def __init__(self, config: ShaSpecConfig) -> None:
        super().__init__()
        c, dims, ws = config, config.dims, config.standardised
        if len(c.decoder_widths) != len(c.shared.widths):
            raise ValueError("a ShaSpec decoder has as many levels as its encoder has stages")
        if c.shared.channels != c.specific.channels:
            raise ValueError("shared and specific features need the same number of channels")
        self.config = c
        self.modalities, self.in_channels = c.modalities, c.in_channels
        stem = c.shared.stem_stride[-dims:]
        self.divisor = tuple(s * 2 ** len(c.shared.widths) for s in stem)
        self.shared_encoder = Encoder(dims, c.in_channels, c.shared, ws)
        self.specific_encoders = nn.ModuleList()
        if c.specific_encoders:
            self.specific_encoders.extend(
                Encoder(dims, c.in_channels, c.specific, ws) for _ in range(c.modalities)
            )
            self.domain_classifier = nn.Linear(c.specific.channels, c.modalities)
            self.fusion = Fusion(dims, c.shared.channels, ws)

        skip_channels = [c.shared.stem_width, *c.shared.widths[:-1]][::-1]  # deepest first
        before = c.modalities * c.shared.channels
        self.ups, self.skips, self.levels = nn.ModuleList(), nn.ModuleList(), nn.ModuleList()
        for width, channels in zip(c.decoder_widths, skip_channels, strict=True):
            self.ups.append(double_size(dims, before, width))
            self.skips.append(Skip(dims, c.modalities, channels, width, ws))
            self.levels.append(Residual(dims, width, width, standardised=ws))
            before = width
        self.head = Conv(dims, before, c.out_channels, 1)

    def encode(self, image: Tensor, modality: int) -> Features:
        """``image`` (N, C, *spatial) -> shared, specific, fused (N, C, *small), skip terms.

        ``domain`` (N, M) has the logits of the domain classifier, from the spatial mean of the
        specific map before the pyramid.
        """
        image = self.widened(image)
        maps, _, shared = self.shared_encoder(image)
        return self._features(maps, shared, image, modality)

    def encode_all(self, images: Mapping[int, Tensor]) -> dict[int, Features]:
        """As `encode`, with one pass of all rows of all modalities through the shared encoder."""
        if voxelwise.pays(
            next(iter(images.values()))
        ):  # one by one is as fast and needs less memory
            return super().encode_all(images)
        images = {m: self.widened(image) for m, image in images.items()}
        sizes = [len(image) for image in images.values()]
        maps, _, shared = self.shared_encoder(torch.cat(list(images.values())))
        split = zip(*(t.split(sizes) for t in (shared, *maps)), strict=True)
        return {
            m: self._features(list(stages), rows, image, m)
            for (m, image), (rows, *stages) in zip(images.items(), split, strict=True)
        }

    def _features(
        self, maps: list[Tensor], shared: Tensor, image: Tensor, modality: int
    ) -> Features:
        """Specific encoder, fusion and skip terms, given the output of the shared encoder."""
        if self.specific_encoders:
            _, reduced, specific = self.specific_encoders[modality](image)
            fused = self.fusion(shared, specific)
            domain = self.domain_classifier(reduced.flatten(2).mean(dim=2))
        else:
            specific, fused = torch.zeros_like(shared), shared
            domain = shared.new_zeros(len(shared), self.modalities)
        features = {"shared": shared, "specific": specific, "fused": fused, "domain": domain}
        for k, skip in enumerate(self.skips):
            assert isinstance(skip, Skip)
            features[f"skip{k}"] = skip.term(maps[-2 - k], modality)
        return features

    def encode_absent(self, like: Tensor, modality: int) -> Features | None:
        """The zero image's features in the authors' behaviour, otherwise nothing."""
        return self.encode(torch.zeros_like(like), modality) if self.config.zero_images else None

    def joint_features(
        self, features: Mapping[int, Features], present: Tensor
    ) -> dict[str, dict[int, Tensor]]:
        """``imputed``: the feature in the slot of each absent modality."""
        substitute = self.substitute(only_present(features, present), present)
        absent = (m for m in range(self.modalities) if not present[:, m].any())
        return {"imputed": dict.fromkeys(absent, substitute)}

    def decode(
        self, features: Mapping[int, Features], present: Tensor | None = None
    ) -> ShaSpecOutput:
        """Fill the absent slots, then decode: -> logits (N, K, *spatial) and the features."""
        present = presence(features, self.modalities, present)
        if not self.config.zero_images:
            features = only_present(features, present)
        substitute = self.substitute(features, present)
        slots = [
            torch.where(row_mask(present, m, substitute), features[m]["fused"], substitute)
            if m in features
            else substitute
            for m in range(self.modalities)
        ]
        x = torch.cat(slots, dim=1)
        for k, (up, skip, level) in enumerate(zip(self.ups, self.skips, self.levels, strict=True)):
            x = level(up(x) + skip([f[f"skip{k}"] for f in features.values()]))
        logits = self.head(x)
        stem = self.config.shared.stem_stride[-self.config.dims :]
        return ShaSpecOutput(
            logits,
            size=tuple(n * s for n, s in zip(logits.shape[2:], stem, strict=True)),
            shared=self._rows(features, "shared"),
            specific=self._rows(features, "specific"),
            domain_logits=self._rows(features, "domain"),
        )

    def substitute(self, features: Mapping[int, Features], present: Tensor) -> Tensor:
        """The feature for absent slots: mean shared feature of the present modalities (Eq. 4), or
        the first one.

        Shape (N, C, *small).
        """
        shared = {m: f["shared"] for m, f in features.items()}
        like = next(iter(shared.values()))
        weights = present.to(like.dtype)
        if self.config.fallback == "first":
            weights = F.one_hot(present.int().argmax(dim=1), self.modalities).to(like.dtype)
        weights = weights / weights.sum(dim=1, keepdim=True)
        terms = [s * row_mask(weights, m, like) for m, s in shared.items()]
        return reduce(torch.add, terms)

    def _rows(self, features: Mapping[int, Features], name: str) -> Tensor:
        like = next(iter(features.values()))[name]
        rows = [
            features[m][name] if m in features else torch.zeros_like(like)
            for m in range(self.modalities)
        ]
        return torch.stack(rows, dim=1).flatten(0, 1)

    def prepare_for_inference(self) -> None:
        """Eval mode, weight standardisation folded into the weights (exact)."""
        fold_standardisation(self)
        super().prepare_for_inference()
