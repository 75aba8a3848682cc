"""SimMLM: gate weights, single modalities, order of modalities, several subsets, presets."""

from __future__ import annotations

import copy
from collections.abc import Callable
from itertools import product
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st

from shaspec.models.registry import build, network_config
from shaspec.models.simmlm import SimMlm
from shaspec.task import load_task

Tiny = Callable[..., Any]
few = settings(max_examples=12)
settings_of = st.fixed_dictionaries(
    {
        "modalities": st.integers(1, 5),
        "dims": st.sampled_from([2, 3]),
        "seed": st.integers(0, 2**16),
        "n": st.integers(1, 3),
        "stem_stride": st.sampled_from([1, 2]),
    }
)


@few
@given(setting=settings_of)
@torch.no_grad()
@pytest.mark.slow
def test_the_weights_of_the_present_modalities_add_up_to_one(
    tiny: Tiny, setting: dict[str, Any]
) -> None:
    s = tiny("simmlm", **setting)
    weights = s.network(s.images, s.present).modality_weights()
    assert weights.shape == (*s.present.shape, 3)
    torch.testing.assert_close(weights.sum(dim=1), torch.ones_like(weights[:, 0]))
    assert (weights[s.present] > 0).all()
    assert not weights[~s.present].any()


@few
@given(setting=settings_of)
@torch.no_grad()
def test_a_single_modality_is_segmented_by_its_own_expert(
    tiny: Tiny, setting: dict[str, Any]
) -> None:
    s = tiny("simmlm", **setting)
    for m, image in enumerate(s.images.split(1, dim=1)):
        present = F.one_hot(torch.full((len(image),), m), s.images.shape[1]).bool()
        answer = s.network(s.images, present)
        own = s.network.experts[m].logits(image)
        assert torch.equal(answer.expert_logits[m], own)
        size, mode = image.shape[2:], "bilinear" if image.dim() == 4 else "trilinear"
        assert s.close(answer.logits, F.interpolate(own, size, mode=mode))


@few
@given(setting=settings_of)
@torch.no_grad()
def test_the_output_is_the_weighted_sum_of_the_experts(tiny: Tiny, setting: dict[str, Any]) -> None:
    s = tiny("simmlm", **setting)
    answer = s.network(s.images, s.present)
    total = torch.zeros_like(answer.logits)
    for m in range(s.images.shape[1]):
        alone = torch.zeros_like(s.present)
        alone[:, m] = True
        weights = answer.weights[:, m].view(*total.shape[:2], *(1,) * (total.dim() - 2))
        total += weights * s.network(s.images, alone).logits
    assert s.close(total, answer.logits)


@few
@given(setting=settings_of, subsets=st.integers(1, 3))
@torch.no_grad()
def test_several_subsets_of_a_sample_are_answered_as_one_by_one(
    tiny: Tiny, setting: dict[str, Any], subsets: int
) -> None:
    s = tiny("simmlm", **setting)
    others = [s.present.roll(k, dims=1) for k in range(subsets)]
    together = s.network(s.images, torch.stack(others)).per_subset(subsets)
    for present, answer in zip(others, together, strict=True):
        single = s.network(s.images, present)
        assert s.close(answer.logits, single.logits)
        assert s.close(answer.weights, single.weights)


def test_for_several_subsets_each_expert_runs_once(tiny: Tiny) -> None:
    s = tiny("simmlm", 3, 2, seed=0, n=1)
    runs = []
    s.network.experts[0].down[0].register_forward_hook(lambda *_: runs.append(1))
    rows = torch.tensor([row for row in product([False, True], repeat=3) if any(row)])
    answer = s.network(s.images, rows[:, None])
    assert len(answer.logits) == 7
    assert len(runs) == 1


def reordered(network: SimMlm, order: list[int]) -> SimMlm:
    """The same function with modality ``order[i]`` at place i."""
    other = copy.deepcopy(network)
    other.experts = torch.nn.ModuleList(other.experts[m] for m in order)
    gate, m = other.gate, len(order)
    gate.first.weight.data = gate.first.weight.data[:, order]
    for part in (gate.score.weight, gate.score.bias):
        part.data = part.data.view(m, -1, *part.shape[1:])[order].flatten(0, 1)
    return other


@few
@given(
    order=st.integers(2, 5).flatmap(lambda n: st.permutations(range(n))),
    dims=st.sampled_from([2, 3]),
    seed=st.integers(0, 2**16),
)
@torch.no_grad()
def test_the_order_in_which_modalities_are_listed_does_not_matter(
    tiny: Tiny, order: list[int], dims: int, seed: int
) -> None:
    s = tiny("simmlm", len(order), dims, seed)
    a = s.network(s.images, s.present)
    b = reordered(s.network, order)(s.images[:, order], s.present[:, order])
    assert s.close(b.logits, a.logits)
    assert s.close(b.weights, a.weights[:, order])


@torch.no_grad()
def test_the_maps_of_weights_are_those_of_the_subset(tiny: Tiny) -> None:
    s = tiny("simmlm", 4, 3, seed=3, n=1)
    kept = {m: s.network.encode(s.images[:, m : m + 1], m) for m in range(4)}
    present = torch.tensor([[True, False, True, False]])
    maps = s.network.joint_features(kept, present)["weight"]
    weights = s.network(s.images, present).weights
    assert set(maps) == {0, 2}
    for m, found in maps.items():
        assert found.shape == kept[m]["logits"].shape
        assert torch.equal(found.amin(dim=(2, 3, 4)), weights[:, m])
        assert torch.equal(found.amax(dim=(2, 3, 4)), weights[:, m])


def test_the_gate_learns_from_the_answer(tiny: Tiny) -> None:
    s = tiny("simmlm", 3, 3, seed=4)
    s.network(s.images, torch.ones_like(s.present)).logits.square().mean().backward()
    assert all(p.grad is not None and p.grad.any() for p in s.network.gate.parameters())


@pytest.mark.parametrize("preset", ["paper", "light"])
def test_a_preset_fits_the_brain_tumour_task_and_answers_by_region(preset: str) -> None:
    config = network_config("simmlm", preset, load_task("brats"))
    with torch.device("meta"):
        network = build("simmlm", config)
    assert not network.exclusive
    assert network.instant_toggles
    assert network.divisor == ((32,) * 3 if preset == "paper" else (16,) * 3)


def test_the_published_experts_have_the_published_number_of_parameters() -> None:
    with torch.device("meta"):
        network = build("simmlm", network_config("simmlm", "paper", load_task("brats")))
    assert isinstance(network, SimMlm)
    count = [sum(p.numel() for p in part.parameters()) for part in (network.experts[0], network)]
    assert count[0] / 1e6 == pytest.approx(1.95, abs=0.005)
    assert count[1] / 1e6 == pytest.approx(7.8, abs=0.05)


def test_the_light_weights_stay_below_16_mib_in_half_precision() -> None:
    with torch.device("meta"):
        network = build("simmlm", network_config("simmlm", "light", load_task("brats")))
    assert 2 * sum(p.numel() for p in network.parameters()) < 16 * 2**20


@torch.no_grad()
def test_an_untrained_network_of_regions_finds_little_and_one_of_labels_favours_none(
    tiny: Tiny,
) -> None:
    s = tiny("simmlm", 3, 3, seed=5)
    for head in (expert.heads[0] for expert in s.network.experts):
        assert (head.bias.sigmoid() < 0.1).all()
    softmax = tiny("simmlm", 3, 3, seed=5, exclusive=True).network
    biases = torch.stack([expert.heads[0].bias for expert in softmax.experts])
    assert biases.abs().max() < 1
