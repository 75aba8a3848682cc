"""Segmentation of one case: windows over its volumes, label maps from any subset."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Sequence

import torch
from torch import Tensor

from shaspec.case import Case
from shaspec.errors import InputError
from shaspec.inference.answers import Answers, resume
from shaspec.inference.base import Session
from shaspec.inference.events import Computed, Count, Finished, Notice, Progress
from shaspec.inference.feature_maps import FeatureMaps
from shaspec.inference.frames import Frame, Inputs
from shaspec.inference.kept import Corner
from shaspec.inference.memory import check_memory, smaller_window
from shaspec.inference.modality_weights import output_names
from shaspec.inference.mosaic import FeatureMosaic
from shaspec.inference.outputs import all_probabilities, at_case_spacing, label_map
from shaspec.inference.regridding import on_grid
from shaspec.inference.windows import extract_patch, plan
from shaspec.models.base import Features, Output
from shaspec.models.weights import Model, untrained
from shaspec.prediction import Prediction
from shaspec.preprocessing import content
from shaspec.task import Subset
from shaspec.task_parts import BACKGROUND


class InferenceSession(Session[Prediction]):
    """Segments ``case`` with ``model`` from any subset of its modalities.

    Args:
        model: a segmentation model.
        case: a case of the task of the model.
        device: ``auto`` (GPU if there is one), ``cpu``, ``cuda``, ``cuda:1`` ...
        window: voxels (S, P, L), or pixels (row, column); default: that of the model's card.
        overlap: least share of a window that overlaps with the next, from 0 to below 1.
        keep: bytes of features to keep; default: a quarter of the free memory; 0: none.
        precision: ``float32``, ``bfloat16``, or ``auto``; see `choose_precision`.

    Raises:
        InputError: if the model classifies, the case is of another task, an option cannot be used,
            or the case is too large at the voxel size of the task.
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
        precision: str = "auto",
    ) -> None:
        task = model.card.task
        if task.kind != "segmentation":
            raise InputError(f"model {model.card.name!r} predicts a class: use `shaspec predict`")
        if window is not None and (len(window) != task.dims or min(window) < 1):
            raise InputError(
                f"window {','.join(map(str, window))}: give {task.dims} numbers of 1 or more, e.g. "
                f"{','.join(map(str, model.card.window))}"
            )
        if not 0 <= overlap < 1:
            raise InputError(f"overlap {overlap} is not in [0, 1)")
        super().__init__(model, case, device=device, keep=keep, precision=precision)
        self.overlap = overlap
        self.window = self._asked = tuple(window or model.card.window)
        self._inputs = Inputs(case, task)
        held = sum(task.channels) + 2 * len(output_names(task, exclusive=self._network.exclusive))
        check_memory(self._inputs.whole_shape, held, self._device, case.name)

    def predict(
        self, present: Iterable[str] | None = None, *, probabilities: bool = False
    ) -> Iterator[Progress | Notice | Finished[Prediction]]:
        """The label map as if only ``present`` had been acquired, on the grid of the case.

        If a case with only these modalities would have another grid, it is segmented on that grid
        and the result is resampled to the grid of this case (nearest voxel).

        Args:
            present: names of modalities of the case; default: all that it has.
            probabilities: also keep the probability of every region, a float32 array per region
                on the grid of the case, in `Prediction.probabilities`.

        Yields:
            `Progress` before the first and after every encoded or decoded window, `Notice` when
            the run continues with less memory, and `Finished` at the end. Closing the generator
            cancels; features that are finished are kept.

        Raises:
            InputError: for modalities that the case does not have.
            OutOfMemoryError: if not even the smallest window fits into memory.
        """
        subset = self._subset(present)
        reduced = self.case.own(subset)
        if reduced is not None:
            yield from self._on_own_grid(reduced, subset, probabilities)
            return
        earlier: list[Answers] = []
        yield from self._with_what_memory_there_is(
            lambda: self._attempt(subset, earlier, probabilities=probabilities)
        )

    def _on_own_grid(
        self, reduced: Case, subset: Subset, probabilities: bool
    ) -> Iterator[Progress | Notice | Finished[Prediction]]:
        """The prediction on the grid of a subset, resampled to the grid of this case."""
        alone = self._alike(self.model, reduced, self._asked)
        for event in alone.predict(subset, probabilities=probabilities):
            if isinstance(event, Finished):
                yield Finished(on_grid(event.prediction, self.case.grid))
            else:
                yield event

    def features(
        self, present: Iterable[str] | None = None
    ) -> Iterator[Progress | Notice | Computed[FeatureMaps]]:
        """The feature maps of every modality of the case, over its whole volume.

        Maps that depend on the subset (imputed features, attention) are computed as if only
        ``present`` had been acquired. The other modalities are encoded too, for comparison.

        Args:
            present: what counts as acquired; default: all modalities of the case.

        Yields:
            Events as in `predict`, the last one `Computed` with `FeatureMaps`.

        Raises:
            InputError: for modalities that the case does not have, and for a model without features
                of single modalities.
            OutOfMemoryError: if not even the smallest window fits into memory.
        """
        subset = self._subset(present)
        if not self._network.feature_names:
            super().features(subset)  # says so
        yield from self._with_what_memory_there_is(lambda: self._attempt_features(subset))

    def untrained_features(
        self, present: Iterable[str] | None = None, seed: int = 0
    ) -> Iterator[Progress | Notice | Computed[FeatureMaps]]:
        """`features` of a network of the same configuration with random weights.

        Args:
            present: as of `features`.
            seed: of the weights.

        Yields:
            Events as of `features`.

        Raises:
            InputError: as `features`.
            OutOfMemoryError: if not even the smallest window fits into memory.
        """
        other = self._alike(untrained(self.model, seed), self.case, self.window)
        yield from other.features(present)

    def _alike(self, model: Model, case: Case, window: Corner) -> InferenceSession:
        """A session with the other options of this one, that keeps nothing."""
        return InferenceSession(
            model, case, window=window, keep=0,
            device=self.device, overlap=self.overlap, precision=self.precision,
        )  # fmt: skip

    def _prepare(self, subset: Sequence[int]) -> Frame:
        """Prepare the inputs of ``subset``; returns their frame."""
        frame = self._inputs.prepare(subset)
        self._place = frame.key
        return frame

    def _plan(self, frame: Frame) -> tuple[list[Corner], Corner]:
        """Window corners, in voxels of the inputs, and the size of the windows."""
        return plan(frame.all, self.window, self.model.network.divisor, self.overlap)

    def _attempt(
        self, subset: Subset, earlier: list[Answers] | None = None, *, probabilities: bool = False
    ) -> Iterator[Progress | Finished[Prediction]]:
        indices = self._indices(subset)
        frame = self._prepare(indices)
        corners, size = self._plan(frame)
        exclusive, only = self._network.exclusive, len(corners) == 1
        answers = resume([] if earlier is None else earlier, (frame.key, size, self._device))
        remaining = corners[answers.done :]
        count = self._count(indices, remaining, size)
        yield Progress(0, count.total, "prepared")
        for corner in remaining:
            features = yield from self._encoded(indices, corner, size, count)
            start = time.perf_counter()
            output = self._answer(features, size)
            answers.add(output, corner, frame, exclusive, only=only, maps=probabilities)
            answers.decoding += time.perf_counter() - start
            answers.encoding, count.encoding = answers.encoding + count.encoding, 0.0
            yield count.tick("decode")
        shape = self.case.grid.shape
        # The same way with and without probabilities: another order of sums decides ties otherwise.
        means, part = at_case_spacing(answers.for_labels, frame, exclusive, everywhere=False)
        labels = label_map(means, self.task, part, frame.size, exclusive)
        labels, temperature = frame.on_case_grid(labels, shape), self.model.card.temperature
        maps = []
        if probabilities:
            means, part = at_case_spacing(answers.for_maps, frame, exclusive, everywhere=True)
            values = all_probabilities(means, self.task, part, frame.size, exclusive, temperature)
            maps = [
                {n: frame.on_case_grid(v, shape, fill=n == BACKGROUND) for n, v in kind.items()}
                for kind in values
            ]
        total = time.perf_counter() - answers.begin
        seconds = {"encode": answers.encoding, "decode": answers.decoding, "total": total}
        facts = self._provenance(subset, seconds, window=list(size), overlap=self.overlap)
        if by_region := answers.weights.by_region(self.task, indices, exclusive=exclusive):
            facts["modality_weights"] = by_region
        if temperature:
            facts["temperature"] = temperature
        yield Finished(
            Prediction(self.case.name, self.task, self.case.grid, subset, labels, facts, *maps)
        )

    def _attempt_features(self, subset: Subset) -> Iterator[Progress | Computed[FeatureMaps]]:
        indices = self._indices(self.case.present)
        frame = self._prepare(indices)
        corners, size = self._plan(frame)
        count = self._count(indices, corners, size)
        yield Progress(0, count.total, "prepared")
        present = torch.tensor([[name in subset for name in self.task.names]])
        mosaic = FeatureMosaic(self.task.names, frame.all, size)
        for corner in corners:
            features = yield from self._encoded(indices, corner, size, count)
            with torch.inference_mode(), self._computing():
                for name in self._network.feature_names:
                    mosaic.add(name, {m: f[name] for m, f in features.items()}, corner)
                for name, maps in self._network.joint_features(features, present).items():
                    mosaic.add(name, maps, corner)
            yield count.tick("stitch")
        modalities = self.task.modalities
        contents = [content(self._inputs.volume(m).numpy(), modalities[m]) for m in indices]
        outputs = output_names(self.task, exclusive=self._network.exclusive)
        settings = {"window": list(size), "overlap": self.overlap, "outputs": outputs}
        facts = self._provenance(subset, {}, **settings)
        yield Computed(mosaic.finish(self.case, subset, frame, contents, facts))

    def _count(self, indices: Sequence[int], corners: Sequence[Corner], size: Corner) -> Count:
        """One unit per window that is to be encoded, one more per window for what follows."""
        kept = self._kept.features
        new = sum((m, c, size, self._place) not in kept for m in indices for c in corners)
        return Count(new + len(corners))

    def _has_features_of(self, indices: Sequence[int]) -> bool:
        if not self._inputs.know(indices):
            return False
        frame = self._inputs.frame(indices)
        corners, size = self._plan(frame)
        keys = ((m, c, size, frame.key) for m in indices for c in corners)
        return all(key in self._kept.features for key in keys)

    def _image(self, modality: int, corner: Corner, size: Corner) -> Tensor:
        return extract_patch(self._inputs.volume(modality), corner, size)

    def _answer(self, features: dict[int, Features], size: Corner) -> Output:
        """Output of `_decode` for one window of ``size``."""
        others = set(range(self._network.modalities)) - set(features)
        absent = {m: value for m in others if (value := self._absent(m, size)) is not None}
        return self._decode(features, absent)

    @torch.inference_mode()
    def _absent(self, modality: int, size: Corner) -> Features | None:
        """Features of absent modalities, computed once, for the models that have them."""
        key = (modality, size)
        if key not in self._kept.absent:
            channels = self.task.channels[modality]
            like = torch.zeros(1, channels, *size, device=self._device)
            with self._computing():
                self._kept.absent[key] = self._network.encode_absent(like, modality)
        return self._kept.absent[key]

    @property
    def _too_large(self) -> str:
        return (
            f"out of memory even with windows of {self.window} voxels: close other programs or "
            "use a smaller model"
        )

    def _make_smaller(self) -> str:
        halved = smaller_window(self.window, self.model.network.divisor)
        if halved is None:
            return ""
        self.window = halved
        return f"Not enough memory: trying again with windows of {halved} voxels."

    def _move_to_cpu(self) -> None:
        super()._move_to_cpu()
        self.window = self._asked
