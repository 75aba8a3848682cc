"""ShaSpec: order of modalities, imputation, zero images, presets."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from shaspec.models.registry import build, network_config
from shaspec.models.shaspec import ShaSpec
from shaspec.task import load_task

Tiny = Callable[..., Any]


def reordered(network: ShaSpec, order: list[int]) -> ShaSpec:
    """The same function with modality ``order[i]`` at place i."""
    other = copy.deepcopy(network)
    other.specific_encoders = torch.nn.ModuleList(other.specific_encoders[m] for m in order)
    for skip in other.skips:
        blocks = skip.conv.weight.data.chunk(len(order), dim=1)
        skip.conv.weight.data = torch.cat([blocks[m] for m in order], dim=1)
    blocks = other.ups[0].weight.data.chunk(len(order), dim=0)
    other.ups[0].weight.data = torch.cat([blocks[m] for m in order], dim=0)
    return other


@settings(max_examples=20)
@given(
    order=st.integers(2, 5).flatmap(lambda n: st.permutations(range(n))),
    dims=st.sampled_from([2, 3]),
    zero_images=st.booleans(),
    seed=st.integers(0, 2**16),
)
@torch.no_grad()
@pytest.mark.slow
def test_the_order_in_which_modalities_are_listed_does_not_matter(
    tiny: Tiny, order: list[int], dims: int, zero_images: bool, seed: int
) -> None:
    s = tiny("shaspec", len(order), dims, seed, zero_images=zero_images)
    assert isinstance(s.network, ShaSpec)
    other = reordered(s.network, order)
    a = s.network(s.images, s.present).logits
    b = other(s.images[:, order], s.present[:, order]).logits
    assert s.close(a, b)


@torch.no_grad()
def test_first_takes_the_lowest_present_modality_of_each_sample(tiny: Tiny) -> None:
    s = tiny("shaspec", 3, 2, seed=3, fallback="first")
    assert isinstance(s.network, ShaSpec)
    present = torch.tensor([[False, True, True], [True, False, True]])
    features = {m: s.network.encode(s.images[:, m : m + 1], m) for m in range(3)}
    substitute = s.network.substitute(features, present)
    assert torch.equal(substitute[0], features[1]["shared"][0])
    assert torch.equal(substitute[1], features[0]["shared"][1])


@torch.no_grad()
def test_mean_takes_the_mean_of_the_present_modalities_of_each_sample(tiny: Tiny) -> None:
    s = tiny("shaspec", 3, 2, seed=3)
    assert isinstance(s.network, ShaSpec)
    present = torch.tensor([[False, True, True], [True, False, False]])
    features = {m: s.network.encode(s.images[:, m : m + 1], m) for m in range(3)}
    substitute = s.network.substitute(features, present)
    shared = [f["shared"] for f in features.values()]
    assert s.close(substitute[0], (shared[1][0] + shared[2][0]) / 2)
    assert torch.equal(substitute[1], shared[0][1])


@torch.no_grad()
def test_rows_of_features_are_sample_major_and_zero_where_absent(tiny: Tiny) -> None:
    s = tiny("shaspec", 4, 3, seed=5)
    present = torch.tensor([[True, False, True, True], [False, True, False, True]])
    answer = s.network(s.images, present)
    there = present.flatten()
    assert answer.shared.shape[0] == answer.specific.shape[0] == 8
    assert answer.domain_logits.shape == (8, 4)
    assert torch.equal(answer.shared.flatten(1).any(dim=1), there)
    alone = s.network.encode(s.images[1:2, 3:4], 3)
    assert s.close(answer.shared[7], alone["shared"][0])
    assert s.close(answer.specific[7], alone["specific"][0])
    assert s.close(answer.domain_logits[7], alone["domain"][0])


@torch.no_grad()
def test_the_authors_switch_sends_zero_images_through_everything(tiny: Tiny) -> None:
    s = tiny("shaspec", 3, 3, seed=7, zero_images=True)
    present = torch.tensor([[True, False, True], [True, True, False]])
    zeroed = s.images * present.view(2, 3, 1, 1, 1)
    with_mask, without = s.network(s.images, present), s.network(zeroed)
    assert s.close(with_mask.shared, without.shared)  # rows of absent modalities included
    assert s.close(with_mask.domain_logits, without.domain_logits)


def test_the_light_preset_is_light() -> None:
    config = network_config("shaspec", "light", load_task("brats"))
    network = build("shaspec", config)
    assert sum(p.numel() for p in network.parameters()) < 5_000_000
    assert network.divisor == (8, 8, 8)
    assert network.instant_toggles


def test_the_published_configuration_fits_the_brain_tumour_task() -> None:
    with torch.device("meta"):
        network = build("shaspec", network_config("shaspec", "paper", load_task("brats")))
    assert sum(p.numel() for p in network.parameters()) == 187_708_132
    assert network.divisor == (16, 32, 32)
