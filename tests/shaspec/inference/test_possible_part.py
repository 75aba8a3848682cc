"""Labels from the part of a window where a region is possible are those of the whole window."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from shaspec.inference.frames import Frame
from shaspec.inference.outputs import (
    at_case_spacing,
    label_map,
    possible_part,
    probabilities_of,
)
from shaspec.inference.windows import WindowAggregator
from shaspec.models.base import Output
from shaspec.task import Task

AXIS = st.tuples(
    st.integers(1, 6), st.sampled_from([1, 2, 3]), st.integers(0, 2), st.integers(1, 20)
)


@settings(max_examples=60, deadline=None)
@given(
    axes=st.lists(AXIS, min_size=3, max_size=3),
    shift=st.sampled_from([-4.0, -2.0, 0.0, 3.0]),
    as_the_case=st.booleans(),
    exclusive=st.booleans(),
    seed=st.integers(0, 2**16),
)
def test_labels_are_those_of_the_whole_window(
    brats: Task, axes: list[tuple[int, int, int, int]], shift: float, seed: int,
    *, as_the_case: bool, exclusive: bool,
) -> None:  # fmt: skip
    small, steps, beyond, size = zip(*axes, strict=True)
    window = tuple(n * step for n, step in zip(small, steps, strict=True))
    shape = tuple(max(1, n - less) for n, less in zip(window, beyond, strict=True))
    frame = Frame((0, 0, 0), shape, shape, shape)
    if not as_the_case:
        frame = replace(frame, extent=size, size=size)
    channels = len(brats.labels) + 1 if exclusive else len(brats.regions)
    rng = torch.Generator().manual_seed(seed)
    logits = 3 * torch.randn(1, channels, *small, generator=rng) + shift
    if exclusive:
        logits[:, 0] -= 2 * shift
    output = Output(logits, size=window)

    whole = WindowAggregator(channels, frame.all, window, torch.device("cpu"))
    whole.add(probabilities_of(output.logits, exclusive), (0, 0, 0))
    part = WindowAggregator.of_part(*possible_part(output, frame, exclusive))
    first, second = (_labels(found, frame, brats, exclusive) for found in (whole, part))
    doubtful = _doubtful(whole, frame, exclusive)
    np.testing.assert_array_equal(np.where(doubtful, 0, first), np.where(doubtful, 0, second))


def _labels(found: WindowAggregator, frame: Frame, task: Task, exclusive: bool) -> np.ndarray:
    means, box = at_case_spacing(found, frame, exclusive, everywhere=False)
    return label_map(means, task, box, frame.size, exclusive)


def _doubtful(whole: WindowAggregator, frame: Frame, exclusive: bool) -> np.ndarray:
    """Voxels of the case whose label hangs on the rounding of a sum."""
    means, _ = at_case_spacing(whole, frame, exclusive, everywhere=True)
    if exclusive:
        best = means.sort(dim=0).values
        return (best[-1] - best[-2] < 1e-5).numpy()
    return ((means - 0.5).abs() < 1e-5).any(dim=0).numpy()
