"""The part that all sessions share: device, kept features, lack of memory.

A session encodes each modality of a case once and decodes any subset. Features depend on one
modality alone and are kept: a toggle re-runs only the decoder. A run yields events.
"""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Any, Generic, TypeVar

import torch
from torch import Tensor

from shaspec.case import Case
from shaspec.errors import InputError, OutOfMemoryError, ShaspecError
from shaspec.inference.events import Computed, Count, Finished, Notice, P_co, Progress
from shaspec.inference.feature_maps import FeatureMaps
from shaspec.inference.fit import check_fit
from shaspec.inference.interface import KnowsTraining
from shaspec.inference.kept import Corner, KeptFeatures
from shaspec.inference.memory import choose_device, feature_budget
from shaspec.inference.outputs import require_numbers
from shaspec.inference.precision import choose_precision, computing_in, precision_name
from shaspec.inference.provenance import provenance
from shaspec.memory import enough_memory, is_out_of_memory
from shaspec.models import voxelwise
from shaspec.models.base import Features, Output
from shaspec.models.weights import Model
from shaspec.task import Subset

T = TypeVar("T")


class Session(KnowsTraining, ABC, Generic[P_co]):
    """The interface of all sessions: one model on one case, for any subset of its modalities.

    `InferenceSession` segments, `ClassificationSession` classifies.

    Args:
        model: the network and its card.
        case: a case of the task of the model.
        device: ``auto`` (GPU if there is one), ``cpu``, ``cuda``, ``cuda:1`` ...
        keep: bytes of features to keep; default: a quarter of the free memory; 0: none.
        precision: ``float32``, ``bfloat16``, or ``auto``; see `choose_precision`.

    Raises:
        InputError: if the case is of another task than the model, or the device or the precision
            is not available.
    """

    _place: Corner = ()  # the part of the case that is segmented, if not all

    def __init__(
        self,
        model: Model,
        case: Case,
        *,
        device: str = "auto",
        keep: int | None = None,
        precision: str = "auto",
    ) -> None:
        check_fit(model.card, case)
        self.model, self.card, self.case, self.task = model, model.card, case, model.card.task
        self._device = choose_device(device)
        self._precision = choose_precision(precision, self._device, self.task.dims)
        with enough_memory(f"moving model {model.card.name} to {self._device}"):
            self._network = voxelwise.on_device(model.network, self._device)
        self._keep = keep
        self._kept = KeptFeatures(self._budget())

    @property
    def device(self) -> str:
        """The device in use, e.g. ``cpu`` or ``cuda``."""
        return str(self._device)

    @property
    def precision(self) -> str:
        """The number format of the network, ``float32`` or ``bfloat16``."""
        return precision_name(self._precision)

    @property
    def kept_bytes(self) -> int:
        """Memory of the kept features in bytes."""
        return self._kept.used

    def is_kept(self, present: Iterable[str]) -> bool:
        """Whether a subset can be decoded without encoding anything.

        Args:
            present: names of modalities of the case.

        Returns:
            True if all features are kept.

        Raises:
            InputError: for an unknown name, or without any name.
        """
        subset = self.task.subset(present)
        there = self._has_features_of(self._indices(subset)) and self.case.has_grid_of(subset)
        return self.model.card.instant_toggles and there

    def release(self) -> None:
        """Free the memory of all kept features; the session can still be used."""
        self._kept = KeptFeatures(0)  # first, so that the budget includes their memory
        if self._device.type == "cuda":
            torch.cuda.empty_cache()
        self._kept = KeptFeatures(self._budget())

    def predict(
        self, present: Iterable[str] | None = None, *, probabilities: bool = False
    ) -> Iterator[Progress | Notice | Finished[P_co]]:
        """The result as if only ``present`` had been acquired.

        Args:
            present: names of modalities of the case; default: all that it has.
            probabilities: those of regions too; a classification always has its own.

        Yields:
            `Progress` before the first and after every step (one encoded or decoded window, or
            whole input), `Notice` when the run continues with less memory, and `Finished` at the
            end. Closing the generator cancels; features that are finished are kept.

        Raises:
            InputError: for modalities that the case does not have.
            OutOfMemoryError: if not even the smallest window (or the whole input) fits into memory.
        """
        del probabilities
        subset = self._subset(present)
        yield from self._with_what_memory_there_is(lambda: self._attempt(subset))

    def features(
        self, present: Iterable[str] | None = None
    ) -> Iterator[Progress | Notice | Computed[FeatureMaps]]:
        """Feature maps of every modality. This base class raises `InputError`.

        Args:
            present: what counts as acquired; default: all modalities of the case.

        Yields:
            Events as in `predict`, the last one `Computed` with `FeatureMaps`.

        Raises:
            InputError: for a model without features of single modalities.
        """
        del present
        raise InputError(
            f"model {self.model.card.name!r} ({self.model.card.method}) has no features of "
            "single modalities: choose a ShaSpec, MAML or SimMLM model"
        )

    # -- for subclasses --------------------------------------------------------------------------

    @abstractmethod
    def _attempt(self, subset: Subset) -> Iterator[Progress | Finished[P_co]]:
        """The events of one run with the present memory settings."""

    @abstractmethod
    def _has_features_of(self, indices: Sequence[int]) -> bool:
        """True if all features of these modalities are kept."""

    @abstractmethod
    def _image(self, modality: int, corner: Corner, size: Corner) -> Tensor:
        """The part of the input to encode, (C, *size) on the CPU, normalised."""

    # -- encoding and decoding -------------------------------------------------------------------

    def _encoded(
        self, indices: Sequence[int], corner: Corner, size: Corner, count: Count
    ) -> Generator[Progress, None, dict[int, Features]]:
        """Features by modality of one window: kept ones, or encoded now and kept if possible."""
        kept, features = self._kept.features, {}
        for m in indices:
            key = (m, corner, size, self._place)
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
        image = self._image(modality, corner, size)[None].to(self._device)
        with self._computing():
            return self._network.encode(image, modality)

    @torch.inference_mode()
    def _decode(
        self, features: Mapping[int, Features], absent: Mapping[int, Features] | None = None
    ) -> Output:
        """Output for one window or input.

        ``absent`` has the features that some models use for absent modalities.
        """
        present = torch.tensor([[m in features for m in range(self._network.modalities)]])
        with self._computing():
            output = self._network.decode({**features, **(absent or {})}, present)
        return require_numbers(output, self.model.card.name)

    def _computing(self) -> AbstractContextManager[object]:
        """A block in which the network computes in the precision of this session."""
        return computing_in(self._precision, self._device)

    # -- subsets and provenance ------------------------------------------------------------------

    def _subset(self, present: Iterable[str] | None) -> Subset:
        subset = self.task.subset(self.case.present if present is None else present)
        self.case.require(subset)
        return subset

    def _indices(self, subset: Subset) -> list[int]:
        return [self.task.names.index(name) for name in subset]

    def _provenance(
        self, subset: Subset, seconds: Mapping[str, float], **settings: Any
    ) -> dict[str, Any]:
        """Provenance of a result, JSON-ready."""
        return provenance(
            self.model,
            self.case,
            subset,
            seconds,
            self.seen,
            device=self.device,
            precision=self.precision,
            **settings,
        )

    # -- lack of memory --------------------------------------------------------------------------

    def _with_what_memory_there_is(
        self, attempt: Callable[[], Iterator[T]]
    ) -> Iterator[T | Notice]:
        """The events of ``attempt()``, restarted with smaller settings if memory runs out."""
        while True:
            try:
                yield from attempt()
                return
            except Exception as error:
                if isinstance(error, ShaspecError) or not is_out_of_memory(error):
                    raise
            # Outside the except block: its traceback would keep the tensors alive.
            yield Notice(self._give_way())

    def _give_way(self) -> str:
        """Reduce the memory of the next attempt; returns a notice, or raises `OutOfMemoryError`."""
        had_features = self._kept.used > 0
        if had_features:
            self._keep = 0
        self.release()
        if had_features:
            return "Not enough memory to keep features: toggles will take a full run."
        if said := self._make_smaller():
            return said
        if self._device.type != "cpu":
            self._move_to_cpu()
            return "Not enough memory on the GPU: running on the CPU, which takes longer."
        raise OutOfMemoryError(self._too_large)

    @property
    @abstractmethod
    def _too_large(self) -> str:
        """Message for the case that no setting can be reduced any more."""

    def _make_smaller(self) -> str:
        """Use a smaller window; returns the notice, empty if that is not possible."""
        return ""

    def _move_to_cpu(self) -> None:
        self._device = torch.device("cpu")
        self._precision = torch.float32  # which every CPU has
        self._network = voxelwise.on_device(self._network, self._device)
        self.release()

    def _budget(self) -> int:
        """Bytes of features to keep: ``keep``, but 0 for a model that cannot use kept features."""
        if not self.model.card.instant_toggles:
            return 0
        return feature_budget(self._device) if self._keep is None else self._keep
