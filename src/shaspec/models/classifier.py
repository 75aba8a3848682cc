"""ShaSpec for classification: image and sound of a spoken digit (Wang et al., CVPR 2023, Sec. 4.3).

The same architecture as for segmentation, with vectors instead of maps: shared and specific
encoders, residual fusion, the mean shared feature in the slot of an absent modality, then two fully
connected layers instead of the decoder. Inputs of the shared encoder are resized to a common size;
the specific encoders take inputs of the original size.

The authors never released their code for this part; encoders and widths are ours, close to the
paper's count of 0.22 million parameters.
"""

from __future__ import annotations

from collections.abc import Mapping

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from shaspec.models.base import Features, Network, only_present, presence, row_mask
from shaspec.models.blocks import Dims, conv_class
from shaspec.models.config import NetworkConfig
from shaspec.models.shaspec import ShaSpecOutput


class ClassifierConfig(NetworkConfig):
    """Configuration of a classification network."""

    modalities: int
    out_channels: int
    """Classes."""
    dims: Dims = 2
    in_channels: int = 1
    size: tuple[int, ...] = (28, 28)
    """Input size of the shared encoder."""
    widths: tuple[int, ...] = (16, 32, 64)
    """Channels of the convolutions of an encoder; each has stride 2."""
    grid: int = 3
    """Size per axis to which the last map of an encoder is pooled."""
    channels: int = 64
    """Number of channels of a feature."""
    hidden: int = 64
    dropout: float = 0.5


class VectorEncoder(nn.Module):
    """Image (N, C, *spatial) of any size -> feature (N, channels)."""

    def __init__(self, c: ClassifierConfig) -> None:
        super().__init__()
        norm = nn.BatchNorm2d if c.dims == 2 else nn.BatchNorm3d
        layers: list[nn.Module] = []
        before = c.in_channels
        for width in c.widths:
            conv = conv_class(c.dims)(before, width, 3, stride=2, padding=1, bias=False)
            layers += [conv, norm(width), nn.ReLU(inplace=True)]
            before = width
        pool = nn.AdaptiveAvgPool2d if c.dims == 2 else nn.AdaptiveAvgPool3d
        self.maps = nn.Sequential(*layers, pool(c.grid))
        self.linear = nn.Linear(before * c.grid**c.dims, c.channels)

    def forward(self, image: Tensor) -> Tensor:
        result: Tensor = self.linear(self.maps(image).flatten(1))
        return result


class ShaSpecClassifier(Network):
    """One class per sample from any subset of modalities: logits (N, K)."""

    exclusive = True

    def __init__(self, config: ClassifierConfig) -> None:
        super().__init__()
        c = self.config = config
        self.modalities, self.in_channels = c.modalities, c.in_channels
        self.divisor = (1,) * c.dims
        self.shared_encoder = VectorEncoder(c)
        self.specific_encoders = nn.ModuleList(VectorEncoder(c) for _ in range(c.modalities))
        self.projection = nn.Linear(2 * c.channels, c.channels)
        self.domain_classifier = nn.Linear(c.channels, c.modalities)
        self.head = nn.Sequential(
            nn.Linear(c.modalities * c.channels, c.hidden),
            nn.ReLU(inplace=True),
            nn.Dropout(c.dropout),
            nn.Linear(c.hidden, c.out_channels),
        )

    def encode(self, image: Tensor, modality: int) -> Features:
        """``image`` (N, C, *spatial) -> shared, specific, fused (N, channels), domain (N, M)."""
        image = self.widened(image)
        return self._features(self.shared_encoder(self._aligned(image)), image, modality)

    def encode_all(self, images: Mapping[int, Tensor]) -> dict[int, Features]:
        """As `encode`, with one pass of all rows of all modalities through the shared encoder.

        So its batch norm has the same statistics in training and in evaluation: those of all
        modalities. One pass per modality would normalise each modality separately in training.
        """
        images = {m: self.widened(image) for m, image in images.items()}
        aligned = torch.cat([self._aligned(image) for image in images.values()])
        shared = self.shared_encoder(aligned).split([len(image) for image in images.values()])
        return {
            m: self._features(rows, image, m)
            for (m, image), rows in zip(images.items(), shared, strict=True)
        }

    def _aligned(self, image: Tensor) -> Tensor:
        mode = "bilinear" if self.config.dims == 2 else "trilinear"
        return F.interpolate(image, self.config.size, mode=mode, align_corners=False)

    def _features(self, shared: Tensor, image: Tensor, modality: int) -> Features:
        specific = self.specific_encoders[modality](image)
        residual = self.projection(torch.cat([shared, specific], dim=1))
        return {
            "shared": shared,
            "specific": specific,
            "fused": shared + residual,  # Eq. 3
            "domain": self.domain_classifier(specific),
        }

    def decode(
        self, features: Mapping[int, Features], present: Tensor | None = None
    ) -> ShaSpecOutput:
        """Fill the absent slots with the mean shared feature (Eq. 4), then classify."""
        present = presence(features, self.modalities, present)
        features = only_present(features, present)
        blank = {k: torch.zeros_like(v) for k, v in next(iter(features.values())).items()}
        in_order = [features.get(m, blank) for m in range(self.modalities)]
        count = present.sum(dim=1, keepdim=True)
        substitute = torch.stack([f["shared"] for f in in_order]).sum(dim=0) / count
        slots = [
            torch.where(row_mask(present, m, substitute), f["fused"], substitute)
            for m, f in enumerate(in_order)
        ]

        def rows(name: str) -> Tensor:
            return torch.stack([f[name] for f in in_order], dim=1).flatten(0, 1)

        return ShaSpecOutput(
            self.head(torch.cat(slots, dim=1)),
            shared=rows("shared"),
            specific=rows("specific"),
            domain_logits=rows("domain"),
        )
