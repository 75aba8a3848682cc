"""Common behaviour of all networks for subsets: modality counts, sizes, 2D and 3D."""

from __future__ import annotations

from collections.abc import Callable
from itertools import combinations
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from shaspec.models.registry import PRESETS

Tiny = Callable[..., Any]
METHODS = sorted(set(PRESETS) - {"shaspec-classifier"})  # it answers without places
settings_of = st.fixed_dictionaries(
    {
        "method": st.sampled_from(METHODS),
        "modalities": st.integers(2, 5),
        "dims": st.sampled_from([2, 3]),
        "seed": st.integers(0, 2**16),
    }
)
few = settings(max_examples=12)


@few
@given(setting=settings_of)
@torch.no_grad()
@pytest.mark.slow
def test_the_content_of_an_absent_volume_does_not_matter(
    tiny: Tiny, setting: dict[str, Any]
) -> None:
    s = tiny(**setting)
    answer = s.network(s.images, s.present)
    absent = ~s.present.view(*s.present.shape, *(1,) * (s.images.dim() - 2))
    for content in (1e3, float("nan")):
        other = torch.where(absent, content, s.images)
        assert torch.equal(s.network(other, s.present).logits, answer.logits)


@few
@given(setting=settings_of)
@torch.no_grad()
def test_samples_of_a_batch_do_not_see_each_other(tiny: Tiny, setting: dict[str, Any]) -> None:
    s = tiny(**setting)
    together = s.network(s.images, s.present).logits
    for k in range(len(s.images)):
        alone = s.network(s.images[k : k + 1], s.present[k : k + 1]).logits
        assert s.close(together[k : k + 1], alone)


@few
@given(setting=settings_of)
@torch.no_grad()
def test_logits_are_as_large_as_the_image(tiny: Tiny, setting: dict[str, Any]) -> None:
    s = tiny(**setting)
    logits = s.network(s.images, s.present).logits
    assert logits.shape == (len(s.images), 3, *s.images.shape[2:])


@settings(max_examples=8)
@given(setting=settings_of)
@torch.no_grad()
@pytest.mark.slow
def test_decoding_kept_features_equals_the_forward_pass_for_every_subset(
    tiny: Tiny, setting: dict[str, Any]
) -> None:
    s = tiny(**setting)
    image = s.images[:1]
    modalities = image.shape[1]
    kept = {m: s.network.encode(image[:, m : m + 1], m) for m in range(modalities)}
    for k in range(1, modalities + 1):
        for subset in combinations(range(modalities), k):
            present = torch.tensor([[m in subset for m in range(modalities)]])
            whole = s.network(image, present).logits
            by_keys = s.network.decode({m: kept[m] for m in subset})
            by_mask = s.network.decode(kept, present)
            assert s.close(by_keys.logits, whole)
            assert s.close(by_mask.logits, whole)


@few
@given(setting=settings_of)
@torch.no_grad()
def test_in_single_precision_keeping_costs_no_more_than_rounding(
    tiny: Tiny, setting: dict[str, Any]
) -> None:
    s = tiny(**setting)
    exact = s.network(s.images, s.present).logits
    s.network.float()
    images = s.images.float()
    rounded = s.network(images, s.present).logits
    kept = {m: s.network.encode(images[:, m : m + 1], m) for m in range(images.shape[1])}
    decoded = s.network.decode(kept, s.present).logits
    error = (rounded - exact).abs().max()
    assert (decoded - rounded).abs().max() <= 10 * error


@few
@given(setting=settings_of)
@torch.no_grad()
@pytest.mark.slow
def test_folding_for_inference_changes_nothing(tiny: Tiny, setting: dict[str, Any]) -> None:
    s = tiny(**setting)
    before = s.network(s.images, s.present).logits
    s.network.prepare_for_inference()
    assert s.close(s.network(s.images, s.present).logits, before)


def test_a_sample_without_any_modality_is_refused(tiny: Tiny) -> None:
    s = tiny("shaspec", 3, 2, seed=0)
    with pytest.raises(ValueError, match="no modality at all"):
        s.network(s.images, torch.zeros_like(s.present))


@pytest.mark.parametrize("method", METHODS)
def test_every_modality_that_is_there_reaches_the_answer(tiny: Tiny, method: str) -> None:
    s = tiny(method, 4, 3, seed=1, n=1)
    s.images.requires_grad_()
    present = torch.tensor([[True, False, True, True]])
    s.network(s.images, present).logits.square().sum().backward()
    assert s.images.grad is not None
    assert [bool(g.any()) for g in s.images.grad[0]] == present[0].tolist()
