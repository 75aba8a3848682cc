"""One case and one model: encode every modality once, decode whatever subset is asked for.

The features of a modality depend on that modality alone, so they are kept: the first run pays for
the encoders, a toggle re-runs the decoder. Nothing in here knows a screen; a run is a generator of
events.
"""

from __future__ import annotations

import platform
import time
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from shaspec import __version__
from shaspec.case import Case
from shaspec.errors import InputError, OutOfMemoryError
from shaspec.inference.events import Computed, Event, Finished, Notice, Progress, T
from shaspec.inference.feature_maps import FeatureMaps
from shaspec.inference.kept import Corner, KeptFeatures
from shaspec.inference.memory import choose_device, feature_budget, is_out_of_memory
from shaspec.inference.mosaic import FeatureMosaic
from shaspec.inference.prediction import Prediction
from shaspec.inference.windows import Blend, Box, cut, plan, snap, union
from shaspec.models.base import Features
from shaspec.models.card import Seen
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


@dataclass
class _Count:
    """How far a run is."""

    total: int
    done: int = 0
    encoding: float = 0.0  # seconds

    def tick(self, stage: str) -> Progress:
        self.done += 1
        return Progress(self.done, self.total, stage)


class InferenceSession:
    """Runs ``model`` on ``case`` for any subset of its modalities.

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
        if case.task.names != task.names:
            raise InputError(
                f"model {model.card.name!r} works on {', '.join(task.names)}; case {case.name} "
                f"has the modalities of task {case.task.name!r}: {', '.join(case.task.names)}"
            )
        if task.kind != "segmentation":
            raise InputError(f"model {model.card.name!r} names a class and segments nothing")
        if case.grid.dims != task.dims:
            raise InputError(
                f"model {model.card.name!r} works in {task.dims}D; case {case.name} has "
                f"{case.grid.dims} axes"
            )
        if window is not None and (len(window) != task.dims or min(window) < 1):
            raise InputError(
                f"window {','.join(map(str, window))}: give {task.dims} numbers of 1 or more, e.g. "
                f"{','.join(map(str, model.card.window))}"
            )
        if not 0 <= overlap < 1:
            raise InputError(f"overlap {overlap} is not in [0, 1)")
        self.model, self.case, self.task = model, case, task
        self.overlap = overlap
        self.window = tuple(window or model.card.window)
        self._device = choose_device(device)
        self._network = model.network.to(self._device)
        self._keep = keep
        self._kept = KeptFeatures(self._budget())
        self._inputs: dict[int, _Input] = {}

    @property
    def device(self) -> str:
        """Where it runs now, e.g. ``cpu`` or ``cuda``."""
        return str(self._device)

    @cached_property
    def seen(self) -> Seen:
        """How the model knows this case from its training."""
        return self.model.card.seen(self.case)

    @property
    def seen_in_training(self) -> bool:
        """True if the model was trained on this case: its result says nothing about quality."""
        return self.seen == "by content"

    def is_kept(self, present: Iterable[str]) -> bool:
        """True if this subset can be decoded without encoding anything."""
        if not self.model.card.instant_toggles:
            return False
        subset = self._indices(self.task.subset(present))
        if any(m not in self._inputs for m in subset):
            return False
        corners, size, _ = self._plan(subset)
        return all((m, c, size) in self._kept.features for m in subset for c in corners)

    def release(self) -> None:
        """Forget all kept features and free their memory."""
        self._kept = KeptFeatures(0)  # first, so that the budget counts what they had taken
        if self._device.type == "cuda":
            torch.cuda.empty_cache()
        self._kept = KeptFeatures(self._budget())

    def segment(self, present: Iterable[str] | None = None) -> Iterator[Event]:
        """Segment the case as if only ``present`` had been acquired (default: all there is).

        Yields `Progress` before the first and after every encoded or decoded window, `Notice` when
        it had to give way to lack of memory, and `Finished` at the end. Closing the generator
        cancels; features that were finished stay. Raises `InputError` for modalities that are not
        there and `OutOfMemoryError`.
        """
        subset = self.task.subset(self.case.present if present is None else present)
        self.case.only(subset)  # says which are not there
        yield from self._with_what_memory_there_is(lambda: self._attempt(subset))

    def features(
        self, present: Iterable[str] | None = None
    ) -> Iterator[Progress | Notice | Computed[FeatureMaps]]:
        """The features of every modality of the case, over its whole volume.

        What depends on the subset (imputed features, attention) is computed as if only
        ``present`` had been acquired; all others are encoded beside it, to compare with. Events
        as in `segment`; the last one is `Computed` with `FeatureMaps`. Raises `InputError` also
        for a model that has no features of a modality.
        """
        subset = self.task.subset(self.case.present if present is None else present)
        self.case.only(subset)
        if not self._network.feature_names:
            raise InputError(
                f"model {self.model.card.name!r} ({self.model.card.method}) has no features of a "
                "single modality to look at: take a ShaSpec or MAML model"
            )
        yield from self._with_what_memory_there_is(lambda: self._attempt_features(subset))

    def _with_what_memory_there_is(
        self, attempt: Callable[[], Iterator[T]]
    ) -> Iterator[T | Notice]:
        """The events of ``attempt()``, begun anew with less where memory does not suffice."""
        while True:
            try:
                yield from attempt()
                return
            except (RuntimeError, MemoryError) as error:
                if not is_out_of_memory(error):
                    raise
            # Outside the except block: its traceback would keep the tensors alive.
            yield Notice(self._give_way())

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

    def _attempt(self, subset: Subset) -> Iterator[Event]:
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
            probabilities = self._decode(features, size)
            if blend is None:
                blend = Blend(len(probabilities), box, size, self._device)
            blend.add(probabilities, corner)
            decoding += time.perf_counter() - start
            yield count.tick("decode")
        assert blend is not None
        labels = self._labels(blend)
        total = time.perf_counter() - begin
        seconds = {"encode": count.encoding, "decode": decoding, "total": total}
        yield Finished(self._prediction(subset, labels, size, seconds))

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
        yield Computed(mosaic.finish(self.case, self.model.card.name, subset, volumes))

    def _count(self, indices: Sequence[int], corners: Sequence[Corner], size: Corner) -> _Count:
        """One unit per window that is to be encoded, one more per window for what follows."""
        kept = self._kept.features
        new = sum((m, c, size) not in kept for m in indices for c in corners)
        return _Count(new + len(corners))

    def _encoded(
        self, indices: Sequence[int], corner: Corner, size: Corner, count: _Count
    ) -> Generator[Progress, None, dict[int, Features]]:
        """Features by modality in one window: the kept ones, or encoded now and kept."""
        kept, features = self._kept.features, {}
        for m in indices:
            key = (m, corner, size)
            if key in kept:
                features[m] = kept[key]
                continue
            start = time.perf_counter()
            features[m] = self._encode(m, corner, size)
            count.encoding += time.perf_counter() - start
            self._kept.add(key, features[m])
            yield count.tick(f"encode {self.task.names[m]}")
        return features

    @torch.inference_mode()
    def _encode(self, modality: int, corner: Corner, size: Corner) -> Features:
        window = cut(self._inputs[modality].volume, corner, size)[None].to(self._device)
        return self._network.encode(window, modality)

    @torch.inference_mode()
    def _decode(self, features: dict[int, Features], size: Corner) -> Tensor:
        """Probabilities (K, *size) of one window."""
        present = torch.tensor([[m in features for m in range(self._network.modalities)]])
        for m in range(self._network.modalities):
            if m not in features:
                absent = self._absent(m, size)
                if absent is not None:
                    features = features | {m: absent}
        logits = self._network.decode(features, present).logits[0].float()
        return logits.softmax(dim=0) if self._network.exclusive else logits.sigmoid()

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
        if shape != self.case.grid.shape:  # back to the voxels of the case
            full = means.new_zeros(len(means), *shape)
            full[(slice(None), *blend.box)] = means
            means = _interpolate(full, self.case.grid.shape)
            box: Box = tuple(slice(0, n) for n in self.case.grid.shape)
        else:
            box = blend.box
        labels = np.zeros(self.case.grid.shape, np.uint8)
        if self._network.exclusive:
            values = np.array([0, *(label.value for label in self.task.labels)], np.uint8)
            labels[box] = values[means.argmax(dim=0).cpu().numpy()]
        else:
            labels[box] = self.task.paint((means > 0.5).cpu().numpy())
        return labels

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

    def _prediction(
        self,
        subset: Subset,
        labels: np.ndarray[tuple[int, ...], np.dtype[np.uint8]],
        size: Corner,
        seconds: dict[str, float],
    ) -> Prediction:
        card = self.model.card
        provenance = {
            "case": self.case.name,
            "model": card.name,
            "source": self.model.source,
            "sha256": card.sha256,
            "version": __version__,
            "subset": self.task.subset_name(subset),
            "seen_in_training": self.seen_in_training,
            "same_name_in_training": self.seen == "by name",
            "device": self.device,
            "precision": "float32",
            "window": list(size),
            "overlap": self.overlap,
            "seconds": {name: round(value, 3) for name, value in seconds.items()},
            "torch": torch.__version__,
            "machine": platform.machine(),
            "files": {name: str(path.absolute()) for name, path in self.case.files.items()},
            "notices": list(self.case.notices),
        }
        return Prediction(self.case.name, self.task, self.case.grid, subset, labels, provenance)

    # -- lack of memory -----------------------------------------------------------------------

    def _give_way(self) -> str:
        """Ask for less memory next time; returns what was done, raises if nothing is left."""
        had_features = self._kept.used > 0
        if had_features:
            self._keep = 0
        self.release()
        if had_features:
            return "Not enough memory to keep features: toggles will take a full run."
        halved = self._smaller_window()
        if halved is not None:
            self.window = halved
            return f"Not enough memory: trying again with windows of {halved} voxels."
        if self._device.type != "cpu":
            self._device = torch.device("cpu")
            self._network = self._network.to(self._device)
            self.release()
            self.window = tuple(self.model.card.window)
            return "Not enough memory on the GPU: running on the CPU, which takes longer."
        raise OutOfMemoryError(
            f"not even windows of {self.window} voxels fit into memory: close other programs or "
            "take a smaller model"
        )

    def _budget(self) -> int:
        """Bytes of features to keep: as asked for, none for a model that cannot use them."""
        if not self.model.card.instant_toggles:
            return 0
        return feature_budget(self._device) if self._keep is None else self._keep

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

    def _indices(self, subset: Subset) -> list[int]:
        return [self.task.names.index(name) for name in subset]


def _interpolate(volume: Tensor, shape: Sequence[int]) -> Tensor:
    """``volume`` (C, *spatial) linearly resized to (C, *shape)."""
    mode = "trilinear" if len(shape) == 3 else "bilinear"
    resized: Tensor = F.interpolate(volume[None], tuple(shape), mode=mode)[0]
    return resized
