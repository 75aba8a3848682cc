"""Linear Fusion: exchange of streams, mask token, ensemble, presets."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from shaspec.errors import InputError
from shaspec.models.linear_fusion import LinearFusion
from shaspec.models.mix_transformer import StreamNorm, linear_fusion
from shaspec.models.registry import build, check_config, network_config
from shaspec.task import load_task

Tiny = Callable[..., Any]


def test_two_streams_exchange_by_the_rule_of_the_paper() -> None:
    a, b = torch.randn(2, 5, dtype=torch.float64)
    mixed = linear_fusion(torch.stack([a, b]), 0.8)
    torch.testing.assert_close(mixed[0], 0.8 * a + 0.2 * b)
    torch.testing.assert_close(mixed[1], 0.2 * a + 0.8 * b)


@given(streams=st.integers(2, 6), ratio=st.floats(0, 1))
def test_the_exchange_keeps_equal_streams_and_the_sum_of_streams(
    streams: int, ratio: float
) -> None:
    same = torch.randn(5, dtype=torch.float64).expand(streams, 5)
    torch.testing.assert_close(linear_fusion(same, ratio), same)
    x = torch.randn(streams, 5, dtype=torch.float64)
    torch.testing.assert_close(linear_fusion(x, ratio).sum(dim=0), x.sum(dim=0))


def reordered(network: LinearFusion, order: list[int]) -> LinearFusion:
    """The same function with modality ``order[i]`` at place i."""
    other = copy.deepcopy(network)
    for module in other.modules():
        if isinstance(module, StreamNorm):
            norms = [module[m] for m in order]
            for i, norm in enumerate(norms):
                module[i] = norm
    other.stream_weights.data = other.stream_weights.data[order]
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
    s = tiny("linear-fusion", len(order), dims, seed)
    a = s.network(s.images, s.present)
    b = reordered(s.network, order)(s.images[:, order], s.present[:, order])
    assert s.close(b.logits, a.logits)
    assert s.close(b.stream_logits[0], a.stream_logits[order[0]])


@torch.no_grad()
def test_an_absent_modality_is_its_mask_token(tiny: Tiny) -> None:
    s = tiny("linear-fusion", 3, 2, seed=1)
    present = torch.tensor([[True, False, True], [True, True, True]])
    before = s.network(s.images, present)
    token = s.network.stages[0].embedding.mask_token
    token += torch.randn_like(token)
    after = s.network(s.images, present)
    assert not s.close(after.logits[0], before.logits[0])
    assert s.close(after.logits[1], before.logits[1])


@torch.no_grad()
def test_the_ensemble_is_the_learned_mean_of_the_streams(tiny: Tiny) -> None:
    s = tiny("linear-fusion", 3, 3, seed=2)
    answer = s.network(s.images, s.present)
    weights = s.network.stream_weights.softmax(dim=0)
    mean = sum(w * logits for w, logits in zip(weights, answer.stream_logits, strict=True))
    assert s.close(answer.logits, mean)


def test_in_training_the_ensemble_teaches_only_how_far_to_trust_a_stream(tiny: Tiny) -> None:
    s = tiny("linear-fusion", 2, 2, seed=3)
    s.network.train()
    s.network(s.images, s.present).logits.square().sum().backward()
    taught = {name for name, p in s.network.named_parameters() if p.grad is not None}
    assert taught == {"stream_weights"}


@torch.no_grad()
def test_depth_of_one_channel_is_repeated_to_the_three_of_colour(tiny: Tiny) -> None:
    s = tiny("linear-fusion", 2, 2, seed=4, in_channels=3)
    colour, depth = torch.randn(1, 3, 32, 32).double(), torch.randn(1, 1, 32, 32).double()
    a = s.network([colour, depth]).logits
    assert torch.equal(a, s.network([colour, depth.repeat(1, 3, 1, 1)]).logits)


@torch.no_grad()
def test_images_of_any_size_are_taken(tiny: Tiny) -> None:
    s = tiny("linear-fusion", 2, 2, seed=5)
    assert s.network(torch.randn(1, 2, 35, 50).double()).logits.shape == (1, 3, 35, 50)


@torch.no_grad()
def test_stochastic_depth_acts_in_training_only(tiny: Tiny) -> None:
    s = tiny("linear-fusion", 2, 2, seed=6, drop_path=0.9, dropout=0)
    assert torch.equal(s.network(s.images).logits, s.network(s.images).logits)
    s.network.train()
    answers = [s.network(s.images).stream_logits[0] for _ in range(8)]
    assert any(not torch.equal(a, answers[0]) for a in answers)


def test_its_toggles_are_not_instant_and_it_says_so() -> None:
    config = network_config("linear-fusion", "light", load_task("brats"))
    with torch.device("meta"):
        network = build("linear-fusion", config)
    assert not network.instant_toggles
    assert sum(p.numel() for p in network.parameters()) < 8_000_000


def test_a_single_modality_is_named_in_the_error() -> None:
    with pytest.raises(InputError, match="at least two modalities"):
        check_config("linear-fusion", {"modalities": 1, "out_channels": 2})
