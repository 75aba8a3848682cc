"""Segmentation of one case: windows over its volumes, label maps from any subset.

What all sessions have in common is in `shaspec.inference.base`.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from shaspec.case import Case
from shaspec.errors import InputError
from shaspec.inference.base import Count, Session
from shaspec.inference.events import Computed, Finished, Notice, Progress
from shaspec.inference.feature_maps import FeatureMaps
from shaspec.inference.kept import Corner
from shaspec.inference.mosaic import FeatureMosaic
from shaspec.inference.prediction import Prediction
from shaspec.inference.windows import Blend, Box, cut, plan, snap, union
from shaspec.models.base import Features
from shaspec.models.resize import linear_resize_part, reached
from shaspec.models.weights import Model
from shaspec.preprocessing import content_box, normalise
from shaspec.task import Subset


@dataclass
class _Input:
    """One modality, ready for the network."""

    volume: Tensor  # (C, *spatial) at the task's spacing, normalised, on the CPU
    box: Box  # its foreground, in voxels of ``volume``

    @property
    def shape(self) -> Corner:
        """Its size in voxels."""
        return tuple(self.volume.shape[1:])


class InferenceSession(Session[Prediction]):
    """Segments ``case`` with ``model`` from any subset of its modalities.

    Args:
        device: ``auto`` (GPU if there is one), ``cpu``, ``cuda``, ``cuda:1`` ...
        window: voxels (S, P, L), or pixels (row, column); default: that of the model's card.
        overlap: share of a window that at least overlaps with its neighbour.
        keep: bytes of features to keep; default: a quarter of the free memory; 0: none.
    """

    def __init__(
        self,
        model: Model,
        case: Case,
        *,
        device: str = "auto",
        window: Sequence[int] | None = None,
        overlap: float = 0.25,
        keep: int | None = None,
    ) -> None:
        task = model.card.task
        if task.kind != "segmentation":
            raise InputError(
                f"model {model.card.name!r} names a class and segments nothing; `shaspec predict` "
                "and the panel Segment tell the class"
            )
        if window is not None and (len(window) != task.dims or min(window) < 1):
            raise InputError(
                f"window {','.join(map(str, window))}: give {task.dims} numbers of 1 or more, e.g. "
                f"{','.join(map(str, model.card.window))}"
            )
        if not 0 <= overlap < 1:
            raise InputError(f"overlap {overlap} is not in [0, 1)")
        super().__init__(model, case, device=device, keep=keep)
        self.overlap = overlap
        self.window = self._asked = tuple(window or model.card.window)
        self._inputs: dict[int, _Input] = {}

    def features(
        self, present: Iterable[str] | None = None
    ) -> Iterator[Progress | Notice | Computed[FeatureMaps]]:
        """The features of every modality of the case, over its whole volume.

        What depends on the subset (imputed features, attention) is computed as if only
        ``present`` had been acquired; all others are encoded beside it, to compare with. Events
        as in `predict`; the last one is `Computed` with `FeatureMaps`. Raises `InputError` also
        for a model that has no features of a modality.
        """
        subset = self._subset(present)
        if not self._network.feature_names:
            super().features(subset)  # says so
        yield from self._with_what_memory_there_is(lambda: self._attempt_features(subset))

    # -- one attempt ------------------------------------------------------------------------

    @torch.inference_mode()
    def _prepare(self, subset: Sequence[int]) -> None:
        for m in subset:
            if m not in self._inputs:
                modality = self.task.modalities[m]
                volume = torch.from_numpy(normalise(self.case.volumes[modality.name], modality))
                resized = self._to_task_spacing(volume if modality.channels > 1 else volume[None])
                content = resized if modality.channels > 1 else resized[0]
                self._inputs[m] = _Input(resized, content_box(content.numpy(), modality))

    def _plan(self, subset: Sequence[int]) -> tuple[list[Corner], Corner, Box]:
        """Window corners, their size and the box they cover; only ``subset`` has a say in it."""
        shape = self._inputs[subset[0]].shape
        snapped = snap(union([self._inputs[m].box for m in subset]))
        box = tuple(slice(s.start, min(n, s.stop)) for s, n in zip(snapped, shape, strict=True))
        corners, size = plan(box, self.window, self.model.network.divisor, self.overlap)
        return corners, size, box

    def _attempt(self, subset: Subset) -> Iterator[Progress | Finished[Prediction]]:
        begin = time.perf_counter()
        indices = self._indices(subset)
        self._prepare(indices)
        corners, size, box = self._plan(indices)
        count, decoding = self._count(indices, corners, size), 0.0
        yield Progress(0, count.total, "prepared")
        blend: Blend | None = None
        for corner in corners:
            features = yield from self._encoded(indices, corner, size, count)
            start = time.perf_counter()
            probabilities = self._probabilities(features, size)
            if blend is None:
                blend = Blend(len(probabilities), box, size, self._device)
            blend.add(probabilities, corner)
            decoding += time.perf_counter() - start
            yield count.tick("decode")
        assert blend is not None
        labels = self._labels(blend)
        total = time.perf_counter() - begin
        seconds = {"encode": count.encoding, "decode": decoding, "total": total}
        facts = self._provenance(subset, seconds, window=list(size), overlap=self.overlap)
        yield Finished(Prediction(self.case.name, self.task, self.case.grid, subset, labels, facts))

    def _attempt_features(self, subset: Subset) -> Iterator[Progress | Computed[FeatureMaps]]:
        indices = self._indices(self.case.present)
        self._prepare(indices)
        corners, size, box = self._plan(indices)
        count = self._count(indices, corners, size)
        yield Progress(0, count.total, "prepared")
        present = torch.tensor([[name in subset for name in self.task.names]])
        mosaic = FeatureMosaic(self.task.names, box, size)
        for corner in corners:
            features = yield from self._encoded(indices, corner, size, count)
            with torch.inference_mode():
                for name in self._network.feature_names:
                    mosaic.add(name, {m: f[name] for m, f in features.items()}, corner)
                for name, maps in self._network.joint_features(features, present).items():
                    mosaic.add(name, maps, corner)
            yield count.tick("stitch")
        volumes = [self._inputs[m].volume[0].numpy() for m in indices]  # one channel says where
        facts = self._provenance(subset, {}, window=list(size), overlap=self.overlap)
        yield Computed(mosaic.finish(self.case, subset, volumes, facts))

    def _count(self, indices: Sequence[int], corners: Sequence[Corner], size: Corner) -> Count:
        """One unit per window that is to be encoded, one more per window for what follows."""
        kept = self._kept.features
        new = sum((m, c, size) not in kept for m in indices for c in corners)
        return Count(new + len(corners))

    def _has_features_of(self, indices: Sequence[int]) -> bool:
        if any(m not in self._inputs for m in indices):
            return False
        corners, size, _ = self._plan(indices)
        return all((m, c, size) in self._kept.features for m in indices for c in corners)

    def _image(self, modality: int, corner: Corner, size: Corner) -> Tensor:
        return cut(self._inputs[modality].volume, corner, size)

    def _probabilities(self, features: dict[int, Features], size: Corner) -> Tensor:
        """(K, *size) in one window."""
        others = set(range(self._network.modalities)) - set(features)
        absent = {m: found for m in others if (found := self._absent(m, size)) is not None}
        return self._decode(features, absent)

    @torch.inference_mode()
    def _absent(self, modality: int, size: Corner) -> Features | None:
        """The few models that have features for an absent modality compute them once."""
        key = (modality, size)
        if key not in self._kept.absent:
            channels = self.task.channels[modality]
            like = torch.zeros(1, channels, *size, device=self._device)
            self._kept.absent[key] = self._network.encode_absent(like, modality)
        return self._kept.absent[key]

    @torch.inference_mode()
    def _labels(self, blend: Blend) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
        """Label map (*spatial) on the grid of the case."""
        means = blend.mean()
        shape = next(iter(self._inputs.values())).shape
        labels = np.zeros(self.case.grid.shape, np.uint8)
        if shape != self.case.grid.shape:  # back to the voxels of the case
            found = self._back(means, blend.box, shape)
            if found is None:
                return labels
            means, box = found
        else:
            box = blend.box
        if self._network.exclusive:
            values = np.array([0, *(label.value for label in self.task.labels)], np.uint8)
            labels[box] = values[means.argmax(dim=0).cpu().numpy()]
        else:
            labels[box] = self.task.paint((means > 0.5).cpu().numpy())
        return labels

    def _back(self, means: Tensor, box: Box, shape: Corner) -> tuple[Tensor, Box] | None:
        """``means`` (K, *box) on the grid of the case, and where; None: background everywhere.

        A value that is interpolated lies between those it is made of: where these are all
        background, so is it, and only the rest is computed.
        """
        hot = means.argmax(dim=0) > 0 if self._network.exclusive else (means > 0.5).any(dim=0)
        places = torch.nonzero(hot)
        if not len(places):
            return None
        first, last = places.amin(dim=0).tolist(), places.amax(dim=0).tolist()
        spans = [
            reached(n, m, (s.start + a, s.start + b + 1))
            for n, m, s, a, b in zip(shape, self.case.grid.shape, box, first, last, strict=True)
        ]
        if not all(stop for _, stop in spans):
            return None
        full = means.new_zeros(1, len(means), *shape)
        full[0][(slice(None), *box)] = means
        part = linear_resize_part(full, self.case.grid.shape, spans)[0]
        return part, tuple(slice(*span) for span in spans)

    def _to_task_spacing(self, volume: Tensor) -> Tensor:
        """``volume`` (C, *spatial) at the voxel size that the network was trained for."""
        shape = tuple(
            max(1, round(n * have / want))
            for n, have, want in zip(
                volume.shape[1:], self.case.grid.spacing, self.task.spacing, strict=True
            )
        )
        if all(abs(a - b) <= 0.05 * b for a, b in zip(shape, volume.shape[1:], strict=True)):
            return volume
        return _interpolate(volume, shape)

    # -- lack of memory --------------------------------------------------------------------------

    @property
    def _too_large(self) -> str:
        return (
            f"not even windows of {self.window} voxels fit into memory: close other programs or "
            "take a smaller model"
        )

    def _make_smaller(self) -> str:
        halved = self._smaller_window()
        if halved is None:
            return ""
        self.window = halved
        return f"Not enough memory: trying again with windows of {halved} voxels."

    def _move_to_cpu(self) -> None:
        super()._move_to_cpu()
        self.window = self._asked

    def _smaller_window(self) -> Corner | None:
        divisor = self.model.network.divisor
        longest = max(range(len(self.window)), key=lambda i: self.window[i] / divisor[i])
        if self.window[longest] <= 32 or self.window[longest] < 2 * divisor[longest]:
            return None
        half = list(self.window)
        half[longest] = max(
            divisor[longest], half[longest] // 2 // divisor[longest] * divisor[longest]
        )
        return tuple(half)


def _interpolate(volume: Tensor, shape: Sequence[int]) -> Tensor:
    """``volume`` (C, *spatial) linearly resized to (C, *shape)."""
    mode = "trilinear" if len(shape) == 3 else "bilinear"
    resized: Tensor = F.interpolate(volume[None], tuple(shape), mode=mode)[0]
    return resized
