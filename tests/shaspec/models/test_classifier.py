"""ShaSpec for classification: inputs of different shape, any subset."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from shaspec.models.classifier import ShaSpecClassifier
from shaspec.models.registry import build, check_config


def digits(seed: int = 0, n: int = 3, **options: Any) -> tuple[ShaSpecClassifier, list[Tensor]]:
    """The network of image and sound, and ``n`` pairs."""
    torch.manual_seed(seed)
    config = check_config(
        "shaspec-classifier", {"modalities": 2, "out_channels": 10, "dims": 2, **options}
    )
    network = build("shaspec-classifier", config).double().eval()
    assert isinstance(network, ShaSpecClassifier)
    image, sound = torch.randn(n, 1, 28, 28), torch.randn(n, 1, 20, 20)
    return network, [image.double(), sound.double()]


def test_it_is_as_small_as_the_published_one() -> None:
    network, _ = digits()
    assert 180_000 < sum(p.numel() for p in network.parameters()) < 260_000


@settings(max_examples=15)
@given(
    seed=st.integers(0, 2**16),
    present=st.lists(st.tuples(st.booleans(), st.booleans()).filter(any), min_size=1, max_size=4),
)
@torch.no_grad()
def test_each_sample_is_classified_from_its_present_modalities_only(
    seed: int, present: list[tuple[bool, bool]]
) -> None:
    network, images = digits(seed, n=len(present))
    there = torch.tensor(present)
    answer = network(images, there)
    assert answer.logits.shape == (len(present), 10)
    spoilt = [
        torch.where(there[:, m].view(-1, 1, 1, 1), x, float("nan")) for m, x in enumerate(images)
    ]
    torch.testing.assert_close(network(spoilt, there).logits, answer.logits, rtol=0, atol=0)
    for k, row in enumerate(present):
        pair = [x[k : k + 1] for x in images]
        kept = {m: network.encode(x, m) for m, x in enumerate(pair) if row[m]}
        torch.testing.assert_close(
            network.decode(kept).logits[0], answer.logits[k], rtol=0, atol=1e-10
        )


@torch.no_grad()
def test_an_absent_modality_is_the_mean_shared_feature() -> None:
    network, images = digits()
    answer = network(images, torch.tensor([[True, False]] * 3))
    found = network.encode(images[0], 0)
    slots = torch.cat([found["fused"], found["shared"]], dim=1)
    torch.testing.assert_close(answer.logits, network.head(slots))
    assert not answer.specific[1::2].any()
    assert answer.domain_logits.shape == (6, 2)


@pytest.mark.parametrize("present", [[True, True], [True, False], [False, True]])
def test_it_learns_from_any_subset(present: list[bool]) -> None:
    network, images = digits(dropout=0.0)
    network.train()
    answer = network(images, torch.tensor([present] * 3))
    torch.nn.functional.cross_entropy(answer.logits, torch.tensor([0, 1, 2])).backward()
    taught = [e.linear.weight.grad is not None for e in network.specific_encoders]
    assert taught == present
    assert network.shared_encoder.linear.weight.grad is not None


def test_few_sounds_do_not_change_the_normalisation_of_images() -> None:
    """In evaluation, an image is normalised by the statistics that it was taught with."""
    network, (image, sound) = digits(n=40, dropout=0.0)
    network.train()
    there = torch.tensor([[True, n < 2] for n in range(40)])
    spread = 10 * sound + 5  # unlike the images
    with torch.no_grad():
        for _ in range(60):
            taught = network([image, spread], there).shared[::2]
        asked = network.eval()([image, spread], there).shared[::2]
    assert (taught - asked).abs().mean() < 0.1 * taught.std()
