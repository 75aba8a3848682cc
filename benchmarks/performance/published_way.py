"""Rows on the published size of ShaSpec with untrained weights, against the authors' way.

In the authors' code a missing modality is a zero image that passes through its encoders like any
other, so every subset takes the same work. Their layers are PyTorch's, and every convolution
standardises its weights. The network is the same function in both ways: logits are compared.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from unittest.mock import patch

import torch
from torch import Tensor

from benchmarks.performance.measure import Row, cpu_seconds, median_seconds
from shaspec.case import Case
from shaspec.inference.precision import computing_in, has_bfloat16
from shaspec.inference.session import InferenceSession
from shaspec.models.base import Network
from shaspec.models.card import Card
from shaspec.models.registry import build, network_config
from shaspec.models.weights import Model
from shaspec.task import Task, load_task

WINDOW, SMALLER = (32, 96, 96), (32, 64, 64)
COMPARED = ROUNDS = 3
"""Subsets that the authors' way computes (all take the same work), and rounds of a first run."""
AUTHORS_WINDOW, AUTHORS_WINDOWS = (80, 160, 160), 12
"""In the authors' evaluation, on a volume of 155 x 240 x 240 voxels."""
CPU = torch.device("cpu")


def published_rows(case: Case) -> Iterator[Row]:
    """A first run and all 15 subsets of one window, and a first run of ``case``."""
    torch.manual_seed(0)
    task = load_task("brats")
    config = network_config("shaspec", "paper", task, zero_images=True, fallback="first")
    network = build("shaspec", config).eval()
    images = [torch.randn(1, 1, *WINDOW) for _ in task.modalities]
    subsets = task.subsets()
    some = [
        _present(task, subsets[k * (len(subsets) - 1) // (COMPARED - 1)]) for k in range(COMPARED)
    ]
    everything = _present(task, task.names)
    with torch.inference_mode():
        with patch("shaspec.models.voxelwise.pays", return_value=False):  # PyTorch's own layers
            seconds, wanted = cpu_seconds(lambda: [network(images, p).logits for p in some])
            once = seconds / len(some)
            smaller = [image[(..., *map(slice, SMALLER))] for image in images]
            less = cpu_seconds(lambda: network(smaller, everything))[0]
        network.prepare_for_inference()
        for precision in (torch.float32, torch.bfloat16):
            if precision is torch.bfloat16 and not has_bfloat16(CPU):
                continue
            with computing_in(precision, CPU):
                network(images, everything)  # warm-up
                first = median_seconds([lambda: network(images, everything)] * ROUNDS)
                sweep = cpu_seconds(lambda: _sweep(network, images, task))[0]
                found = [network(images, p).logits for p in some]
            name = str(precision).removeprefix("torch.")
            what, way = f"ShaSpec paper, one window of {WINDOW}, {name}", "the authors' way"
            check = _close(found, wanted)
            exact = precision is torch.float32
            yield Row(f"paper first {name}", f"first run, {what}", way, first, once, check,
                      0.45 if exact else None)  # fmt: skip
            yield Row(f"paper sweep {name}", f"{len(subsets)} subsets, {what}",
                      f"{len(subsets)} runs, {way}", sweep, len(subsets) * once, check,
                      0.06 if exact else None)  # fmt: skip
    yield from _whole_case(network, task, case, AUTHORS_WINDOWS * _extrapolated(once, less))


def _extrapolated(once: float, less: float) -> float:
    """Seconds of a window of the authors' size: a part for the weights, and a part per voxel.

    Measured, PyTorch's own convolutions would take 17 GB for it.
    """
    sizes = [math.prod(size) for size in (SMALLER, WINDOW, AUTHORS_WINDOW)]
    per_voxel = (once - less) / (sizes[1] - sizes[0])
    return once + per_voxel * (sizes[2] - sizes[1])


def _whole_case(network: Network, task: Task, case: Case, reference: float) -> Iterator[Row]:
    """A first run of a session, against the authors' windows, of which one was measured."""
    card = Card(
        name="paper", title="untrained", licence="none", method="shaspec", preset="paper",
        network=network.config.model_dump(mode="json"), task=task, window=AUTHORS_WINDOW,
        instant_toggles=True,
    )  # fmt: skip
    session = InferenceSession(Model(network, card), case, device="cpu", precision="float32")
    seconds, (*_, last) = cpu_seconds(lambda: list(session.predict()))
    size = last.prediction.provenance["window"]
    corners = session._plan(session._inputs.frame(range(len(task.modalities))))[0]
    yield Row("paper case", "first run, ShaSpec paper, whole case, float32",
              f"the authors' {AUTHORS_WINDOWS} windows of {AUTHORS_WINDOW}, extrapolated from "
              f"windows of {SMALLER} and {WINDOW}",
              seconds, reference,
              f"the same network, {len(corners)} windows of {tuple(size)}: cropped to the head, "
              "spread evenly", 1 / 5)  # fmt: skip


def _present(task: Task, subset: Sequence[str]) -> Tensor:
    return torch.tensor([[name in subset for name in task.names]])


def _sweep(network: Network, images: list[Tensor], task: Task) -> None:
    """Every modality and every zero image encoded once, every subset decoded from these."""
    there = [network.encode(image, m) for m, image in enumerate(images)]
    absent = [network.encode_absent(image, m) for m, image in enumerate(images)]
    for subset in task.subsets():
        present = _present(task, subset)
        pairs = enumerate(zip(there, absent, strict=True))
        network.decode({m: a if present[0, m] else b for m, (a, b) in pairs}, present)


def _close(found: list[Tensor], wanted: list[Tensor]) -> str:
    largest = max(float((a - b).abs().max()) for a, b in zip(found, wanted, strict=True))
    scale = max(float(b.abs().max()) for b in wanted)
    other = sum(int(((a > 0) != (b > 0)).sum()) for a, b in zip(found, wanted, strict=True))
    share = other / sum(b.numel() for b in wanted)
    return (
        f"{len(found)} subsets: largest difference of logits {largest:.1e}, largest logit "
        f"{scale:.1f}, {share:.2%} of the signs differ"
    )
