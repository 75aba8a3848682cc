"""From the probabilities of a network to a label map and to the probabilities of regions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from shaspec.errors import WeightsError
from shaspec.inference.frames import Frame
from shaspec.inference.spacing import resized
from shaspec.inference.temperature import tempered
from shaspec.inference.windows import Box, WindowAggregator
from shaspec.models.base import Output
from shaspec.models.resize import Span, linear_resize_part, reached, sources
from shaspec.task import Task
from shaspec.task_parts import BACKGROUND


def require_numbers(output: Output, name: str) -> Output:
    """The output of the model ``name`` for one window or input.

    Raises:
        WeightsError: if it contains NaN or infinite values: everything would be background.
    """
    if not torch.isfinite(output.small).all():
        raise WeightsError(
            f"model {name!r} answers with values that are not finite numbers: its weights are "
            "damaged, or its training diverged; copy the model again or use another one"
        )
    return output


def label_map(
    means: Tensor, task: Task, box: Box, shape: tuple[int, ...], exclusive: bool
) -> npt.NDArray[np.uint8]:
    """The most probable label of every voxel.

    Args:
        means: (K, *box) probabilities: of background and labels if ``exclusive``, else of regions.
        task: defines the label of each channel or region.
        box: the voxels that ``means`` covers; all others are background.
        shape: of the label map.
        exclusive: see `shaspec.models.base.Network`.

    Returns:
        Label map (*shape) in the codes of ``task``. A region begins above a probability of 0.5.
    """
    labels = np.zeros(shape, np.uint8)
    if exclusive:
        values = np.array([0, *(label.value for label in task.labels)], np.uint8)
        labels[box] = values[means.argmax(dim=0).cpu().numpy()]
    else:
        labels[box] = task.paint((means > 0.5).cpu().numpy())
    return labels


def region_probabilities(
    means: Tensor,
    task: Task,
    box: Box,
    shape: tuple[int, ...],
    exclusive: bool,
    temperature: Mapping[str, float] | None = None,
) -> dict[str, npt.NDArray[np.float32]]:
    """The probability of every region at every voxel.

    Args:
        means: as for `label_map`.
        task: defines the regions.
        box: the voxels that ``means`` covers; the probability elsewhere is 0.
        shape: of the maps.
        exclusive: True: the probability of a region is the sum over its labels.
        temperature: region -> temperature, see `tempered`; default: 1.

    Returns:
        Region name -> float32 array (*shape), in the order of the regions of ``task``.
    """
    if exclusive:
        channel = {label.value: k for k, label in enumerate(task.labels, 1)}
        parts = [[channel[value] for value in region.labels] for region in task.regions]
        means = torch.stack([means[channels].sum(dim=0) for channels in parts])
    maps = {}
    for name, mean in zip(task.region_names, means, strict=True):
        mean = tempered(mean, (temperature or {}).get(name, 1.0))
        maps[name] = np.zeros(shape, np.float32)
        maps[name][box] = mean.cpu().numpy()
    return maps


def all_probabilities(
    means: Tensor,
    task: Task,
    box: Box,
    shape: tuple[int, ...],
    exclusive: bool,
    temperature: Mapping[str, float] | None = None,
) -> tuple[dict[str, npt.NDArray[np.float32]], dict[str, npt.NDArray[np.float32]]]:
    """Both maps of `Prediction`, of the regions and of the labels; arguments as for
    `region_probabilities`."""
    by_region = region_probabilities(means, task, box, shape, exclusive, temperature)
    return by_region, label_probabilities(means, task, box, shape) if exclusive else {}


def label_probabilities(
    means: Tensor, task: Task, box: Box, shape: tuple[int, ...]
) -> dict[str, npt.NDArray[np.float32]]:
    """The probability of background and of every label, for mutually exclusive labels.

    Args:
        means: as for `label_map`, and so are the other arguments.
        task: defines the labels.
        box: the voxels that ``means`` covers; elsewhere everything is background.
        shape: of the maps.

    Returns:
        Name -> float32 array (*shape), `BACKGROUND` first.
    """
    names = (BACKGROUND, *(label.name for label in task.labels))
    maps = {}
    for name, mean in zip(names, means.cpu().numpy(), strict=True):
        maps[name] = np.full(shape, name == BACKGROUND, np.float32)
        maps[name][box] = mean
    return maps


def whole(means: Tensor, box: Box, shape: Sequence[int], exclusive: bool) -> Tensor:
    """Probabilities (K, *shape) of a whole volume, with background outside of ``box``.

    Args:
        means: (K, *box) probabilities, as for `label_map`.
        box: the voxels that ``means`` covers.
        shape: of the volume.
        exclusive: True: the first channel is the background.
    """
    full = means.new_zeros(len(means), *shape)
    if exclusive:
        full[0] = 1
    full[(slice(None), *box)] = means
    return full


def probabilities_of(logits: Tensor, exclusive: bool) -> Tensor:
    """Logits (1, K, ...) -> float32 probabilities (K, ...)."""
    values = logits[0].float()
    return values.softmax(dim=0) if exclusive else values.sigmoid()


def possible_part(output: Output, frame: Frame, exclusive: bool) -> tuple[Tensor, Box]:
    """Probabilities of a window that covers ``frame``, where its labels need them.

    Interpolated logits lie between their neighbours: if these are all background, so is the result.

    Args:
        output: of the network, for a batch of one.
        frame: the voxels that are asked for; the window may extend beyond it.
        exclusive: see `shaspec.models.base.Network`.

    Returns:
        Probabilities (K, *part) and the part of the frame that they cover: everywhere else is
        background, also after interpolation to the voxels of the case. Empty where no region is.
    """
    small = output.small[0].float()
    before = small.shape[1:]
    window = before if output.size is None else output.size
    hot = _spans(small.argmax(dim=0) > 0 if exclusive else (small > 0).any(dim=0))
    spans = [
        _needed(n, m, span, shape, size)
        for n, m, span, shape, size in zip(
            before, window, hot, frame.shape, frame.size, strict=True
        )
    ]
    if not all(stop for _, stop in spans):
        return small.new_zeros(len(small), *(0 for _ in spans)), tuple(slice(0, 0) for _ in spans)
    reads = [sources(*axis) for axis in zip(before, window, spans, strict=True)]
    part = small[(slice(None), *(slice(*read) for read in reads))][None]
    part = linear_resize_part(part, before, window, spans)
    return probabilities_of(part, exclusive), tuple(slice(*span) for span in spans)


def _needed(n: int, m: int, hot: Span, shape: int, size: int) -> Span:
    """The voxels of an axis of a window that its labels are made of; (0, 0) if there are none.

    ``hot`` are voxels of an axis of ``n``, which is resized to ``m``. Of these, the first ``shape``
    are resized to ``size`` voxels of the case.
    """
    first, end = reached(n, m, hot) if hot[1] else hot
    end = min(end, shape)
    if first >= end:
        return 0, 0
    if shape == size:
        return first, end
    first, end = reached(shape, size, (first, end))
    return sources(shape, size, (first, end)) if end else (0, 0)


def _spans(hot: Tensor) -> list[Span]:
    """The smallest box around the True of ``hot`` (*spatial); (0, 0) along all axes if none is."""
    spans = []
    for axis in range(hot.dim()):
        others = [k for k in range(hot.dim()) if k != axis]
        places = torch.nonzero(hot.any(dim=others))[:, 0].tolist()
        spans.append((places[0], places[-1] + 1) if places else (0, 0))
    return spans


def region_part(
    means: Tensor, box: Box, shape: Sequence[int], size: Sequence[int], exclusive: bool
) -> tuple[Tensor, Box]:
    """Probabilities interpolated to another voxel size, cropped to where a region is possible.

    An interpolated value lies between its neighbours: if these are all background, so is the
    result.

    Args:
        means: (K, *box) probabilities, as for `label_map`.
        box: the voxels that ``means`` covers, of a volume of ``shape``.
        shape: of the volume at the voxel size of the network.
        size: of the volume at the voxel size of the case.
        exclusive: see `shaspec.models.base.Network`.

    Returns:
        Probabilities (K, *part) and the part of ``size`` that they cover; an empty part where
        everything is background.
    """
    hot = means.argmax(dim=0) > 0 if exclusive else (means > 0.5).any(dim=0)
    nowhere = (means.new_zeros(len(means), *(0 for _ in size)), tuple(slice(0, 0) for _ in size))
    region_spans = _spans(hot)
    if not all(stop for _, stop in region_spans):
        return nowhere
    spans = [
        reached(n, m, (s.start + a, s.start + b))
        for n, m, s, (a, b) in zip(shape, size, box, region_spans, strict=True)
    ]
    if not all(stop for _, stop in spans):
        return nowhere
    reads = [sources(*axis) for axis in zip(shape, size, spans, strict=True)]
    patch = _read(means, box, reads, exclusive)
    part = linear_resize_part(patch[None], shape, size, spans)[0]
    return part, tuple(slice(*span) for span in spans)


def _read(means: Tensor, box: Box, reads: Sequence[Span], exclusive: bool) -> Tensor:
    """The voxels ``reads`` of the volume that `whole` would make of ``means``."""
    given, place = [], []
    for s, (first, end) in zip(box, reads, strict=True):
        a, b = max(s.start, first), min(s.stop, end)
        given.append(slice(a - s.start, b - s.start))
        place.append(slice(a - first, b - first))
    shape = [end - first for first, end in reads]
    return whole(means[(slice(None), *given)], tuple(place), shape, exclusive)


@torch.inference_mode()
def at_case_spacing(
    aggregator: WindowAggregator, frame: Frame, exclusive: bool, *, everywhere: bool
) -> tuple[Tensor, Box]:
    """Probabilities at the voxels of the case.

    Args:
        aggregator: of all windows, at the spacing of the task.
        frame: what they cover.
        exclusive: see `shaspec.models.base.Network`.
        everywhere: False: only where a region can be.

    Returns:
        (K, *part) and the part of the frame that they cover.
    """
    means = aggregator.mean()
    if frame.shape == frame.size:
        return means, aggregator.box
    if not everywhere:
        return region_part(means, aggregator.box, frame.shape, frame.size, exclusive)
    return resized(means, frame.size), tuple(slice(0, n) for n in frame.size)
