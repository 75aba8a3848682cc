"""Classification of one case from any subset. Inputs are not cut into windows."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence

import torch
from torch import Tensor

from shaspec.case import Case
from shaspec.errors import InputError
from shaspec.inference.base import Session
from shaspec.inference.events import Count, Finished, Progress
from shaspec.inference.kept import Corner
from shaspec.inference.outputs import probabilities_of
from shaspec.models.weights import Model
from shaspec.prediction import Classification
from shaspec.preprocessing import normalise
from shaspec.task import Subset

WHOLE: Corner = ()
"""Corner and size of an input that is encoded as a whole."""


class ClassificationSession(Session[Classification]):
    """Classifies ``case`` with ``model`` from any subset of its modalities.

    Args:
        model: a classification model.
        case: a case of the task of the model.
        device: ``auto`` (GPU if there is one), ``cpu``, ``cuda``, ``cuda:1`` ...
        keep: bytes of features to keep; default: a quarter of the free memory; 0: none.
        precision: ``float32``, ``bfloat16``, or ``auto``; see `choose_precision`.

    Raises:
        InputError: if the model segments, the case is of another task, or the device is not
            available.
    """

    def __init__(
        self,
        model: Model,
        case: Case,
        *,
        device: str = "auto",
        keep: int | None = None,
        precision: str = "auto",
    ) -> None:
        if model.card.task.kind != "classification":
            raise InputError(f"model {model.card.name!r} segments; it does not predict a class")
        super().__init__(model, case, device=device, keep=keep, precision=precision)

    def _attempt(self, subset: Subset) -> Iterator[Progress | Finished[Classification]]:
        begin = time.perf_counter()
        indices = self._indices(subset)
        count = Count(1 + sum(not self._has_features_of([m]) for m in indices))
        yield Progress(0, count.total, "prepared")
        features = yield from self._encoded(indices, WHOLE, WHOLE, count)
        start = time.perf_counter()
        output = self._decode(features)
        probabilities = probabilities_of(output.logits, self._network.exclusive).cpu().numpy()
        end = time.perf_counter()
        yield count.tick("decode")
        seconds = {"encode": count.encoding, "decode": end - start, "total": end - begin}
        facts = self._provenance(subset, seconds)
        yield Finished(Classification(self.case.name, self.task, subset, probabilities, facts))

    def _has_features_of(self, indices: Sequence[int]) -> bool:
        return all((m, WHOLE, WHOLE, self._place) in self._kept.features for m in indices)

    def _image(self, modality: int, corner: Corner, size: Corner) -> Tensor:
        del corner, size
        expected = self.task.modalities[modality]
        volume = torch.from_numpy(normalise(self.case.volumes[expected.name], expected))
        return volume if expected.channels > 1 else volume[None]

    @property
    def _too_large(self) -> str:
        return "the model and one input do not fit into memory: close other programs"
