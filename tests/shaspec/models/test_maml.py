"""MAML: single modalities, fusion of present modalities, order of modalities, presets."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from shaspec.models.maml import Maml
from shaspec.models.registry import build, network_config
from shaspec.task import load_task

Tiny = Callable[..., Any]


def reordered(network: Maml, order: list[int]) -> Maml:
    """The same function with modality ``order[i]`` at place i."""
    other = copy.deepcopy(network)
    other.unets = torch.nn.ModuleList(other.unets[m] for m in order)
    other.attentions = torch.nn.ModuleList(other.attentions[m] for m in order)
    columns = other.fusion.conv.weight.data.chunk(len(order), dim=1)
    other.fusion.conv.weight.data = torch.cat([columns[m] for m in order], dim=1)
    return other


@settings(max_examples=15)
@given(
    order=st.integers(2, 5).flatmap(lambda n: st.permutations(range(n))),
    dims=st.sampled_from([2, 3]),
    seed=st.integers(0, 2**16),
)
@torch.no_grad()
@pytest.mark.slow
def test_the_order_in_which_modalities_are_listed_does_not_matter(
    tiny: Tiny, order: list[int], dims: int, seed: int
) -> None:
    s = tiny("maml", len(order), dims, seed)
    a = s.network(s.images, s.present)
    b = reordered(s.network, order)(s.images[:, order], s.present[:, order])
    assert s.close(b.logits, a.logits)
    assert s.close(b.joint_logits, a.joint_logits)


@torch.no_grad()
def test_a_single_modality_is_segmented_by_its_own_network(tiny: Tiny) -> None:
    s = tiny("maml", 3, 3, seed=1, n=3)
    present = torch.tensor([[False, True, False], [True, False, True], [False, False, True]])
    answer = s.network(s.images, present)
    assert torch.equal(answer.logits[0], answer.modality_logits[1][0])
    assert torch.equal(answer.logits[1], answer.joint_logits[1])
    assert torch.equal(answer.logits[2], answer.modality_logits[2][2])
    own, _ = s.network.unets[1](s.images[:1, 1:2])
    assert s.close(answer.modality_logits[1][0], s.network.unets[1].heads[-1](own)[0])


@torch.no_grad()
def test_in_training_the_joint_head_answers_always(tiny: Tiny) -> None:
    s = tiny("maml", 3, 2, seed=2)
    s.network.train()
    answer = s.network(s.images, torch.eye(3, dtype=torch.bool)[:2])
    assert torch.equal(answer.logits, answer.joint_logits)


@torch.no_grad()
def test_leaving_a_modality_out_of_the_fusion_is_a_zero_feature(tiny: Tiny) -> None:
    s = tiny("maml", 4, 3, seed=3)
    present = torch.tensor([[True, False, True, True]]).expand(2, -1)
    answer = s.network(s.images, present)
    features = {m: s.network.encode(s.images[:, m : m + 1], m) for m in range(4)}
    for name in ("feature", "fusion"):  # the latter is linear in the former
        features[1][name] = torch.zeros_like(features[1][name])
    zero_feature = s.network.decode(features)
    assert s.close(answer.fused, zero_feature.fused)
    assert s.close(answer.logits, zero_feature.logits)


@torch.no_grad()
def test_outputs_are_by_modality_and_halve_in_depth(tiny: Tiny) -> None:
    s = tiny("maml", 3, 3, seed=4)
    present = torch.tensor([[True, False, True], [True, False, False]])
    answer = s.network(s.images, present)
    assert set(answer.modality_logits) == set(answer.attention) == {0, 2}
    assert answer.attention[0].amin() >= 0
    assert answer.attention[0].amax() <= 1
    assert not answer.attention[2][1].any()
    size = torch.tensor(s.images.shape[2:])
    assert answer.modality_logits[0].shape[2:] == s.images.shape[2:]
    sizes = [torch.tensor(x.shape[2:]) for x in answer.deep_logits[0]]
    assert torch.equal(torch.stack(sizes), size[None] // 2)


def test_the_published_configuration_fits_the_brain_tumour_task() -> None:
    config = network_config("maml", "paper", load_task("brats"))
    with torch.device("meta"):
        network = build("maml", config)
    assert sum(p.numel() for p in network.parameters()) == 66_484_752
    assert network.exclusive
    assert network.divisor == (32, 32, 32)


def test_the_light_preset_is_light_and_answers_by_region() -> None:
    network = build("maml", network_config("maml", "light", load_task("brats")))
    assert sum(p.numel() for p in network.parameters()) < 5_000_000
    assert not network.exclusive
    assert network.instant_toggles
