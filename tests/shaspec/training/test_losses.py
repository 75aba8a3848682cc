"""The terms of the loss, compared with the authors' values and their definitions."""

from __future__ import annotations

import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from importlib.machinery import SourceFileLoader
from itertools import pairwise
from pathlib import Path
from threading import Barrier
from types import ModuleType
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from shaspec.training.losses import (
    Reduce,
    alignment_loss,
    bce_loss,
    ce_loss,
    deep_weights,
    dice_loss,
    domain_loss,
    ohem_loss,
)

Tensors = Callable[[str], Tensor]


@pytest.fixture
def manifest(golden: Path) -> dict[str, Any]:
    result: dict[str, Any] = json.loads((golden / "shaspec.json").read_text())
    return result


@pytest.fixture
def tensor(golden: Path, manifest: dict[str, Any]) -> Tensors:
    rule: ModuleType = SourceFileLoader("rule", str(golden / "rule.py")).load_module()
    return lambda name: torch.from_numpy(rule.tensor(manifest, name)).double()


@pytest.mark.parametrize("case", ["random", "empty_target"])
@pytest.mark.filterwarnings("ignore:the load_module:DeprecationWarning")
def test_the_terms_equal_the_authors_with_all_modalities(
    case: str, manifest: dict[str, Any], tensor: Tensors
) -> None:
    names = manifest["losses"][case]
    logits, target = tensor(names["logits"]), tensor(names["target"])
    everything = torch.ones(2, 4, dtype=torch.bool)
    found = {
        "dice": dice_loss(logits, target),
        "bce": bce_loss(logits, target),
        "shared_l1": alignment_loss(tensor(names["features"]), everything),
        "domain_ce": domain_loss(tensor(names["domain_logits"]), everything),
    }
    # The authors take the mean over the whole batch, ours over samples of equal size: the same.
    for name, value in found.items():
        assert value.item() == pytest.approx(names["values"][name], abs=1e-9), name


def test_absent_modalities_do_not_change_the_auxiliary_terms() -> None:
    shared, logits = torch.randn(8, 5, 2, 2, 2), torch.randn(8, 4)
    present = torch.tensor([[True, False, True, False], [False, True, True, True]])
    other_shared, other_logits = shared.clone(), logits.clone()
    absent = ~present.flatten()
    other_shared[absent] = 99.0
    other_logits[absent] = 99.0
    assert alignment_loss(shared, present) == alignment_loss(other_shared, present)
    assert domain_loss(logits, present) == domain_loss(other_logits, present)


@given(st.integers(0, 10**6), st.lists(st.lists(st.booleans(), min_size=4, max_size=4)
                                       .filter(any), min_size=1, max_size=3))  # fmt: skip
def test_the_auxiliary_terms_compare_the_present_modalities_alone(
    seed: int, rows: list[list[bool]]
) -> None:
    """Neighbours on a cycle of those that are there, and what each modality is mistaken for."""
    rng = torch.Generator().manual_seed(seed)
    n, m, present = len(rows), 4, torch.tensor(rows)
    shared = torch.randn(n * m, 3, 2, generator=rng, dtype=torch.float64)
    logits = torch.randn(n * m, m, generator=rng, dtype=torch.float64)
    apart, surprise = [], []
    for sample, there in zip(shared.view(n, m, 3, 2).numpy(), rows, strict=True):
        index = np.flatnonzero(there)
        pairs = zip(index, np.roll(index, -1), strict=True) if len(index) > 1 else ()
        apart.append(sum(np.abs(sample[a] - sample[b]).mean() for a, b in pairs))
    for row, x in enumerate(logits.numpy()):
        if rows[row // m][row % m]:
            surprise.append(np.log(np.exp(x).sum()) - x[row % m])
    assert alignment_loss(shared, present).item() == pytest.approx(np.mean(apart))
    assert domain_loss(logits, present).item() == pytest.approx(np.mean(surprise))


def test_a_single_modality_has_no_alignment_loss() -> None:
    assert alignment_loss(torch.randn(4, 3, 2), torch.eye(4, dtype=torch.bool)[:1]) == 0


def test_a_perfect_answer_costs_almost_nothing() -> None:
    target = (torch.rand(2, 3, 8, 8, 8) > 0.5).float()
    logits = (target * 2 - 1) * 30
    assert dice_loss(logits, target) < 1e-2
    assert dice_loss(logits, target, batch=True) < 1e-2
    assert bce_loss(logits, target) < 1e-6


def test_a_sample_without_the_region_does_not_spoil_the_batch_dice() -> None:
    target = torch.zeros(2, 1, 4, 4, 4)
    target[0, 0, :2] = 1
    logits = (target * 2 - 1) * 30
    assert dice_loss(logits, target) > 0.5  # the authors' definition counts it as 1
    assert dice_loss(logits, target, batch=True) < 0.05


def classes(seed: int, n: int = 3, k: int = 4, size: int = 5) -> tuple[Tensor, Tensor]:
    """Logits (n, k, size, size) and one-hot masks of which some voxels are ignored."""
    rng = torch.Generator().manual_seed(seed)
    logits = 2 * torch.randn(n, k, size, size, generator=rng, dtype=torch.float64)
    drawn = torch.randint(-1, k, (n, size, size), generator=rng)  # -1: ignored
    masks = torch.stack([drawn == c for c in range(k)], dim=1).double()
    masks[:, 0, 0, 0], masks[:, 1:, 0, 0] = 1, 0  # one that is known, whatever was drawn
    return logits, masks


def chances(logits: Tensor, target: Tensor) -> Any:
    """Softmax of the true class at every voxel that is not ignored, by numpy alone."""
    x, t = (np.moveaxis(a.numpy(), 1, -1).reshape(-1, a.shape[1]) for a in (logits, target))
    p = np.exp(x) / np.exp(x).sum(1, keepdims=True)
    known = t.sum(1) > 0
    return (p * t).sum(1)[known]


@given(st.integers(0, 10**6))
def test_cross_entropy_is_the_mean_surprise_at_the_true_class(seed: int) -> None:
    logits, target = classes(seed)
    expected = -np.log(chances(logits, target)).mean()
    assert ce_loss(logits, target).item() == pytest.approx(expected)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@given(st.integers(0, 10**6), st.sampled_from([0.05, 0.3, 0.7]), st.integers(0, 74))
def test_hard_voxels_are_those_below_the_threshold_but_never_too_few(
    dtype: torch.dtype, seed: int, threshold: float, count: int
) -> None:
    logits, target = classes(seed)
    p = np.sort(chances(logits, target))
    number = min(len(p), max(1, count))
    least = (count + 0.5) / 75  # of 3 * 5 * 5 voxels, far from rounding
    kept = p[: max(number, int((p <= threshold).sum()))]
    found = ohem_loss(logits.to(dtype), target, threshold=threshold, least=least)
    assert found.item() == pytest.approx(-np.log(kept).mean(), rel=1e-5)


@given(st.integers(0, 10**6), st.booleans(), st.sampled_from([0.0, 7.0]))
def test_dice_of_a_softmax_leaves_out_background_and_ignored_voxels(
    seed: int, batch: bool, smooth: float
) -> None:
    logits, target = classes(seed)
    x, t = logits.numpy(), target.numpy()
    p = np.exp(x) / np.exp(x).sum(1, keepdims=True) * t.sum(1, keepdims=True)
    axes = (0, 2, 3) if batch else (2, 3)
    overlap, size = (p * t).sum(axes)[..., 1:], (p + t).sum(axes)[..., 1:]
    expected = (1 - (2 * overlap + smooth) / (size + smooth + 1)).mean()
    found = dice_loss(logits, target, exclusive=True, batch=batch, smooth=smooth)
    assert found.item() == pytest.approx(expected)


def test_weights_of_deep_supervision_are_the_published_ones_for_five_levels() -> None:
    assert deep_weights(5) == pytest.approx(
        [1 / 1.875, 0.5 / 1.875, 0.25 / 1.875, 0.125 / 1.875, 0]
    )
    assert deep_weights(1) == [1]
    for levels in range(1, 8):
        assert sum(deep_weights(levels)) == pytest.approx(1)


Loss = Callable[..., Tensor]
WHOLE: dict[str, tuple[Loss, dict[str, Any]]] = {
    "dice of a batch": (dice_loss, {"batch": True}),
    "dice of samples": (dice_loss, {}),
    "softmax dice": (dice_loss, {"batch": True, "exclusive": True}),
    "binary cross entropy": (bce_loss, {}),
    "cross entropy": (ce_loss, {}),
    "hard voxels": (ohem_loss, {"threshold": 0.4}),
    "the hardest voxels": (ohem_loss, {"threshold": 0.05, "least": 0.3}),
}


def two_processes(loss: Callable[[int, Reduce], Tensor]) -> Tensor:
    """What the first of two processes gets for ``loss(rank, total)``; threads play them."""
    given: list[Tensor | None] = [None, None]
    barrier = Barrier(2)

    def reduce_of(rank: int) -> Reduce:
        def reduce(values: Tensor) -> Tensor:
            given[rank] = values
            barrier.wait(60)
            first, second = given
            assert first is not None
            assert second is not None
            barrier.wait(60)
            return first + second

        return reduce

    with ThreadPoolExecutor(2) as pool:
        results = [pool.submit(loss, rank, reduce_of(rank)) for rank in (0, 1)]
        return results[0].result()


@pytest.mark.parametrize("name", WHOLE)
@pytest.mark.parametrize("first", [1, 2, 3])
def test_a_batch_spread_over_two_processes_costs_what_it_costs_in_one(
    name: str, first: int
) -> None:
    loss, options = WHOLE[name]
    logits, target = classes(0)
    parts = [(logits[:first], target[:first]), (logits[first:], target[first:])]
    spread = two_processes(lambda rank, reduce: loss(*parts[rank], reduce=reduce, **options))
    torch.testing.assert_close(spread, loss(logits, target, **options))


@pytest.mark.parametrize("levels", [1, 2, 3, 6])
def test_each_level_counts_half_of_the_finer_one_and_the_coarsest_nothing(levels: int) -> None:
    weights = deep_weights(levels)
    assert len(weights) == levels
    assert sum(weights) == pytest.approx(1)
    assert weights[-1] == (0 if levels > 1 else 1)
    for finer, coarser in pairwise(weights[:-1]):
        assert coarser == pytest.approx(finer / 2)


@pytest.mark.parametrize("smooth", [0.0, 1.0, 99.0])
@pytest.mark.parametrize("batch", [False, True])
def test_a_region_that_is_not_there_teaches_only_with_smoothing(smooth: float, batch: bool) -> None:
    target = torch.zeros(2, 1, 4, 4, 4)
    silent, loud = (dice_loss(torch.full_like(target, x), target, batch=batch, smooth=smooth)
                    for x in (-40.0, 40.0))  # fmt: skip
    voxels = 64 * (2 if batch else 1)
    assert silent.item() == pytest.approx(1 / (smooth + 1))
    assert loud.item() == pytest.approx(1 - smooth / (smooth + 1 + voxels))
