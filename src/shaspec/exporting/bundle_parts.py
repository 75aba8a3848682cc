"""The parts of an exported MONAI bundle that are this program's own; its configuration names them.

They are called by MONAI, so they follow its conventions: a dataset is a list of dictionaries, a
transform is a function of one, an inferer is called with inputs and network. MONAI is not imported.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from shaspec.errors import InputError
from shaspec.inference.outputs import label_map
from shaspec.inference.spacing import resized, shape_at
from shaspec.inference.windows import WindowAggregator, extract_patch, plan
from shaspec.io.folders import find_cases
from shaspec.models.card import load_card
from shaspec.models.weights import load_model
from shaspec.preprocessing import normalise
from shaspec.task import Subset, Task

Item = dict[str, Any]
IMAGE, PRED = "image", "pred"
"""Keys of MONAI's engines: the input, and the output of the network."""


def case_files(folder: str | Path, models: str | Path, present: str) -> list[Item]:
    """The cases of a folder, found by their names as `shaspec.find_cases` does.

    Args:
        folder: a case, or a folder of cases.
        models: the folder of the card.
        present: the modalities to use, e.g. ``FLAIR+T2``, or ``all``.

    Returns:
        One dictionary per case: ``image``, the files of the modalities in the order of the task.

    Raises:
        InputError: if there is no case, or one lacks a modality or is one 4-D file.
    """
    task, subset = _task_and_subset(models, present)
    items = []
    for case in find_cases(folder, task, with_labels=False):
        missing = [name for name in subset if name not in case.volumes]
        if case.problems or missing:
            text = case.problems[0] if case.problems else f"{case.name} has no {missing[0]}"
            raise InputError(f"{text}; set `present` to the modalities that all cases have")
        if case.channel:
            raise InputError(f"{case.name} is one 4-D file: save each modality as a file")
        items.append({IMAGE: [str(case.volumes[name]) for name in subset]})
    return items


class Normalise:
    """A transform that normalises every channel of ``image`` (M, S, P, L) as in training."""

    def __init__(self, models: str | Path, present: str) -> None:
        task, subset = _task_and_subset(models, present)
        self._modalities = [task.modality(name) for name in subset]

    def __call__(self, item: Item) -> Item:
        image: Tensor = item[IMAGE]
        volumes = np.asarray(image.cpu())
        for k, modality in enumerate(self._modalities):
            image[k] = torch.from_numpy(normalise(volumes[k], modality))
        return item


class BundleNetwork(nn.Module):
    """A model for one subset of its modalities.

    Args:
        models: folder with card and weights.
        present: the modalities in the channels of the input, e.g. ``FLAIR+T2``, or ``all``.

    Raises:
        WeightsError: if the model cannot be loaded.
        InputError: for unknown modalities.
    """

    def __init__(self, models: str | Path, present: str) -> None:
        super().__init__()
        task, subset = _task_and_subset(models, present)
        self.network = load_model(models).network
        self.divisor = self.network.divisor
        self._present = torch.tensor([name in subset for name in task.names])

    def forward(self, image: Tensor) -> Tensor:
        """Probabilities (N, K, *spatial) from normalised channels (N, present, *spatial)."""
        slots = image.new_zeros(len(image), len(self._present), *image.shape[2:])
        slots[:, self._present] = image
        logits: Tensor = self.network(slots, self._present.expand(len(image), -1)).logits.float()
        return logits.softmax(dim=1) if self.network.exclusive else logits.sigmoid()


class WindowInferer:
    """An inferer with the voxel size and the windows of this program.

    MONAI's resampling has other shapes, and its windows lie elsewhere and pad more.

    Args:
        window: voxels (S, P, L).
        spacing: voxel size for the network in mm, (S, P, L).
        overlap: least share of a window that overlaps with the next.
    """

    def __init__(self, window: list[int], spacing: list[float], overlap: float = 0.25) -> None:
        self._window, self._spacing, self._overlap = window, spacing, overlap

    def __call__(
        self, inputs: Tensor, network: Callable[[Tensor], Tensor], *_: Any, **__: Any
    ) -> Tensor:
        """Probabilities (N, K, *spatial) for ``inputs`` (N, C, *spatial), which MONAI read: their
        ``affine`` gives the voxel size."""
        size = tuple(inputs.shape[2:])
        shape = shape_at(size, _voxel_size(inputs), self._spacing, "of the bundle")
        images = torch.as_tensor(inputs).as_subclass(Tensor)
        whole = [resized(self._means(resized(image, shape), network), size) for image in images]
        # Made from the inputs, for what MONAI attaches to them: position, and how to invert.
        return inputs.new_zeros(len(whole), *whole[0].shape).copy_(torch.stack(whole))

    def _means(self, image: Tensor, network: Callable[[Tensor], Tensor]) -> Tensor:
        """Weighted means (K, *spatial) of the answers to windows of an image (C, *spatial)."""
        divisor = getattr(network, "divisor", (1,) * (image.dim() - 1))
        box = tuple(slice(0, n) for n in image.shape[1:])
        corners, size = plan(box, self._window, divisor, self._overlap)
        aggregator: WindowAggregator | None = None
        for corner in corners:
            values = network(extract_patch(image, corner, size)[None])[0]
            if aggregator is None:
                aggregator = WindowAggregator(len(values), box, size, values.device)
            aggregator.add(values, corner)
        assert aggregator is not None
        return aggregator.mean()


class Labels:
    """A transform that turns probabilities ``pred`` (K, *spatial) to labels (1, *spatial)."""

    def __init__(self, models: str | Path) -> None:
        card = load_card(models)
        self._task = card.task
        self._exclusive = load_model(models).network.exclusive

    def __call__(self, item: Item) -> Item:
        means: Tensor = item[PRED]
        shape = tuple(means.shape[1:])
        box = tuple(slice(0, n) for n in shape)
        plain = means.as_subclass(Tensor)
        labels = torch.from_numpy(label_map(plain, self._task, box, shape, self._exclusive))
        one = means[:1]  # keeps the position that MONAI attached
        one[0] = labels
        return item | {PRED: one}


def _task_and_subset(models: str | Path, present: str) -> tuple[Task, Subset]:
    task = load_card(models).task
    return task, task.parse_subset(present)


def _voxel_size(image: Tensor) -> tuple[float, ...]:
    """In mm along the axes, from the affine (4, 4) or (N, 4, 4) that MONAI attached."""
    affine = torch.as_tensor(image.affine).reshape(-1, 4, 4)[0]  # type: ignore[attr-defined]
    return tuple(float(v) for v in torch.linalg.vector_norm(affine[:3, :3], dim=0))
