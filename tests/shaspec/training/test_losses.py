"""The terms of the loss, beside the authors' values and their written definitions."""

from __future__ import annotations

import json
from collections.abc import Callable
from importlib.machinery import SourceFileLoader
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import torch
from torch import Tensor

from shaspec.training.losses import alignment_loss, bce_loss, dice_loss, domain_loss

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


def test_absent_modalities_add_nothing_to_the_auxiliary_terms() -> None:
    shared, logits = torch.randn(8, 5, 2, 2, 2), torch.randn(8, 4)
    present = torch.tensor([[True, False, True, False], [False, True, True, True]])
    other_shared, other_logits = shared.clone(), logits.clone()
    absent = ~present.flatten()
    other_shared[absent] = 99.0
    other_logits[absent] = 99.0
    assert alignment_loss(shared, present) == alignment_loss(other_shared, present)
    assert domain_loss(logits, present) == domain_loss(other_logits, present)


def test_one_modality_has_nothing_to_align() -> None:
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
