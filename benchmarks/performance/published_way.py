"""Rows on the published size of ShaSpec: one window, untrained weights, float32.

The published way runs all encoders again for every subset and standardises the weights in every
convolution. It is the same function: logits are compared.
"""

from __future__ import annotations

from collections.abc import Iterator

import torch

from benchmarks.performance.measure import Row, cpu_seconds
from shaspec.models.base import Network
from shaspec.models.registry import build, network_config
from shaspec.task import Task, load_task

WINDOW = (32, 96, 96)


def published_rows() -> Iterator[Row]:
    """A first run and all 15 subsets of one window, against the published way."""
    torch.manual_seed(0)
    task = load_task("brats")
    network = build("shaspec", network_config("shaspec", "paper", task)).eval()
    images = [torch.randn(1, 1, *WINDOW) for _ in task.modalities]
    subsets = [_present(task, subset) for subset in task.subsets()]
    with torch.inference_mode():
        all_present = torch.ones(1, len(images), dtype=torch.bool)
        once, expected = cpu_seconds(lambda: network(images, all_present).logits)
        published, wanted = cpu_seconds(lambda: [network(images, p).logits for p in subsets])
        network.prepare_for_inference()
        network(images, all_present)  # warm-up
        first, found = cpu_seconds(lambda: network(images, all_present).logits)
        sweep, logits = cpu_seconds(lambda: _kept(network, images, subsets))
    what, way = f"ShaSpec paper, one window of {WINDOW}", "the published way"
    yield Row("paper first", f"first run, {what}", way, first, once, _close([found], [expected]),
              0.45)  # fmt: skip
    yield Row("paper sweep", f"15 subsets, {what}", f"15 runs, {way}", sweep, published,
              _close(logits, wanted), 0.06)  # fmt: skip


def _present(task: Task, subset: tuple[str, ...]) -> torch.Tensor:
    return torch.tensor([[name in subset for name in task.names]])


def _kept(
    network: Network, images: list[torch.Tensor], subsets: list[torch.Tensor]
) -> list[torch.Tensor]:
    """Every modality encoded once, every subset decoded from what is kept."""
    features = {m: network.encode(image, m) for m, image in enumerate(images)}
    return [
        network.decode({m: features[m] for m in features if present[0, m]}, present).logits
        for present in subsets
    ]


def _close(found: list[torch.Tensor], wanted: list[torch.Tensor]) -> str:
    largest = max(float((a - b).abs().max()) for a, b in zip(found, wanted, strict=True))
    scale = max(float(b.abs().max()) for b in wanted)
    return f"largest difference of logits {largest:.1e}, largest logit {scale:.1f}"
