"""The interface of all networks: encode each modality separately, decode any subset.

Most of the computation of a multi-modal network concerns one modality at a time. A session keeps
the results of `encode`, so that deselecting a modality only re-runs `decode`. An absent modality is
not encoded at all. Training uses the same two methods.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, ClassVar

import torch
from torch import Tensor, nn

from shaspec.models import voxelwise
from shaspec.models.resize import linear_resize

Features = dict[str, Tensor]
"""Output of `encode` for one modality: named tensors (N, C, *spatial)."""


@dataclass
class Output:
    """The output of a network; subclasses add the fields of a method."""

    small: Tensor
    """(N, K, *small): logits at the resolution of the last layer, no activation."""
    size: tuple[int, ...] | None = field(default=None, kw_only=True)
    """Voxels of the input, if the last layer has fewer."""

    @cached_property
    def logits(self) -> Tensor:
        """(N, K, *spatial): logits at full resolution, ``small`` interpolated."""
        return self.small if self.size is None else linear_resize(self.small, self.size)

    def modality_weights(self) -> Tensor | None:
        """How much each modality counts in each output channel, (N, M, K), adding up to 1 over the
        modalities; None where the network has no such weights."""
        return None


class Network(nn.Module, ABC):
    """A network for ``modalities`` inputs, of which any non-empty subset may be present."""

    instant_toggles: ClassVar[bool] = True
    """True if `encode` does most of the work, so that another subset costs little."""

    exclusive: bool = False
    """False: one sigmoid per region. True: softmax over background and labels."""

    feature_names: ClassVar[tuple[str, ...]] = ()
    """Entries of `encode` for display: maps (N, C, *small) or vectors (N, C)."""

    config: Any
    """The configuration of the network, a `shaspec.models.config.NetworkConfig`."""

    modalities: int
    in_channels: int
    """Channels of every modality. An image of one channel is repeated to that number, as the
    authors of M3L do with depth beside colour."""
    divisor: tuple[int, ...]
    """Spatial sizes must be multiples of this, per axis."""
    any_size: ClassVar[bool] = False
    """True: other sizes work too, but leave out a border."""

    @abstractmethod
    def encode(self, image: Tensor, modality: int) -> Features:
        """The features of one modality.

        Args:
            image: (N, 1 or C, *spatial), normalised.
            modality: index of the modality in the task.

        Returns:
            Named tensors (N, C, *small), or (N, C) for vectors.
        """

    @abstractmethod
    def decode(self, features: Mapping[int, Features], present: Tensor | None = None) -> Output:
        """Fuse and decode the features of the present modalities.

        Args:
            features: by modality index; a modality that no sample has may be left out.
            present: bool (N, M), for batches whose samples differ; None: the keys of ``features``.

        Returns:
            Logits (N, K, *spatial) at full resolution, and the fields of the method.
        """

    def widened(self, image: Tensor) -> Tensor:
        """``image`` (N, 1 or C, *spatial), repeated to the channels of the network."""
        return image.expand(-1, self.in_channels, *image.shape[2:])

    def encode_absent(self, like: Tensor, modality: int) -> Features | None:
        """Features of an absent modality, for the models that compute such features.

        Args:
            like: (N, C, *spatial), gives shape, type and device.
            modality: index of the modality in the task.

        Returns:
            Named tensors like those of `encode`; None: the model has none.
        """
        del like, modality
        return None

    def joint_features(
        self, features: Mapping[int, Features], present: Tensor
    ) -> dict[str, dict[int, Tensor]]:
        """Maps (N, C, *small) for display that depend on the subset: by name, by modality.

        Features of modalities that are not ``present`` (N, M) are ignored.
        """
        del features, present
        return {}

    def encode_all(self, images: Mapping[int, Tensor]) -> dict[int, Features]:
        """`encode` for several modalities (n_m, C, *spatial); subclasses may batch them."""
        return {m: self.encode(image, m) for m, image in images.items()}

    def forward(self, x: Tensor | Sequence[Tensor], present: Tensor | None = None) -> Output:
        """Compute the output for a batch with any subset per sample.

        Args:
            x: (N, M, *spatial), or M tensors (N, C_m, *spatial). Absent entries are never read.
            present: bool (N, M), default all.

        Returns:
            The output of `decode`.

        Raises:
            ValueError: for a wrong number of modalities, or a sample without any.
        """
        if present is None:
            samples = len(x) if isinstance(x, Tensor) else len(x[0])
            present = torch.ones(samples, self.modalities, dtype=torch.bool)
        return self.decode(self.encode_batch(x, present), present)

    def encode_batch(self, x: Tensor | Sequence[Tensor], present: Tensor) -> dict[int, Features]:
        """Features (N, ...) by modality index of the modalities that are ``present`` (N, M).

        Rows of samples without that modality are zero. Raises `ValueError` for a sample without any
        modality.
        """
        images = [x[:, m : m + 1] for m in range(x.shape[1])] if isinstance(x, Tensor) else list(x)
        if len(images) != self.modalities:
            raise ValueError(f"{len(images)} modalities given, the network has {self.modalities}")
        there = present.cpu()
        if not there.any(dim=1).all():
            raise ValueError("a sample has no modality at all")
        rows = {m: there[:, m] for m in range(self.modalities)}
        encoded = self.encode_all({m: images[m][r] for m, r in rows.items() if r.any()})
        features: dict[int, Features] = {}
        for m, r in rows.items():
            parts = [(r, encoded[m])] if m in encoded else []
            absent = self.encode_absent(images[m][~r], m) if not r.all() else None
            if absent is not None:
                parts.append((~r, absent))
            if parts:
                features[m] = _scatter(parts, len(r))
        return features

    def prepare_for_inference(self) -> None:
        """Switch to eval mode, fold layers where possible, store weights in the layout that is fast
        on CPUs; training needs another copy."""
        self.eval()
        voxelwise.lay_out(self)


def _scatter(parts: list[tuple[Tensor, Features]], n: int) -> Features:
    """Features of some rows of a batch -> features (N, ...), zero where a row has none."""
    if len(parts) == 1 and parts[0][0].all():
        return parts[0][1]
    full: Features = {}
    for rows, features in parts:
        index = rows.nonzero()[:, 0].to(next(iter(features.values())).device)
        for name, value in features.items():
            target = full.get(name)
            if target is None:
                target = value.new_zeros(n, *value.shape[1:])
            full[name] = target.index_copy(0, index, value)
    return full


def presence(features: Mapping[int, Features], modalities: int, present: Tensor | None) -> Tensor:
    """bool (N, M) on the device of the features; from their keys where ``present`` is None."""
    some = next(iter(next(iter(features.values())).values()))
    if present is None:
        row = torch.tensor([m in features for m in range(modalities)])
        present = row.expand(len(some), -1)
    return present.to(some.device)


def all_rows(column: Tensor) -> bool:
    """True if every sample has the modality; False in an exported graph, made for any samples."""
    return not torch.compiler.is_exporting() and bool(column.all())


def any_row(column: Tensor) -> bool:
    """True if some sample has the modality; True in an exported graph, made for any samples."""
    return torch.compiler.is_exporting() or bool(column.any())


def row_mask(present: Tensor, modality: int, like: Tensor) -> Tensor:
    """Column ``modality`` of ``present`` (N, M), shaped (N, 1, ...) to broadcast over ``like``."""
    return present[:, modality].view(-1, *(1,) * (like.dim() - 1))


def only_present(features: Mapping[int, Features], present: Tensor) -> dict[int, Features]:
    """``features`` without absent modalities: their rows are zero, empty entries are left out.

    So only ``present`` (N, M) decides which features are used, not the cache of a caller.
    """
    kept: dict[int, Features] = {}
    for m, feature in features.items():
        column = present[:, m]
        if all_rows(column):
            kept[m] = feature
        elif any_row(column):
            kept[m] = {
                name: torch.where(row_mask(present, m, value), value, 0)
                for name, value in feature.items()
            }
    return kept
