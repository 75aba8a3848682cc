"""Objectives of the networks do not depend on the content of absent modalities."""

from __future__ import annotations

from itertools import product
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from shaspec.errors import InputError
from shaspec.models.base import Network
from shaspec.models.linear_fusion import LinearFusionOutput
from shaspec.models.maml import MamlOutput
from shaspec.models.registry import build, check_config
from shaspec.models.simmlm import SimMlmOutput
from shaspec.training.config import LossConfig
from shaspec.training.losses import bce_loss, ce_loss, deep_weights, dice_loss
from shaspec.training.mofe import costs, ranking_loss
from shaspec.training.objectives import OBJECTIVES, Objective, SimMlmObjective

ENCODER = {
    "stem_width": 4,
    "stem_kernel": 3,
    "stem_stride": (2, 2, 2),
    "max_pool": False,
    "widths": (4,),
    "depths": (1,),
    "channels": 4,
    "dilations": (1,),
    "image_pool": False,
}
NETWORKS: dict[str, dict[str, Any]] = {
    "shaspec": {"shared": ENCODER, "specific": ENCODER, "decoder_widths": (4,)},
    "maml": {"base_features": 2, "n_downsamplings": 3, "convs": 1, "join_kernel": 1},
    "simmlm": {
        "base_features": 2, "n_downsamplings": 2, "convs": 1, "stem_stride": 2,
        "n_gate_downsamplings": 2,
    },
    "linear-fusion": {
        "widths": (4, 4, 4, 4), "depths": (1, 1, 1, 1), "heads": (1, 1, 1, 1), "head_width": 4,
        "reductions": (1, 1, 1, 1), "in_channels": 1, "drop_path": 0.0, "dropout": 0.0,
    },
    "zero-fill": {"init_filters": 8, "blocks_down": (1, 1), "blocks_up": (1,)},
}  # fmt: skip


SUBSETS = [row for row in product([False, True], repeat=3) if any(row)]


def tiny(name: str, exclusive: bool = False) -> Network:
    """A network of two dimensions, three modalities and three outputs."""
    torch.manual_seed(0)
    values = {"modalities": 3, "out_channels": 3, "dims": 2} | NETWORKS[name]
    if name in ("maml", "simmlm", "linear-fusion"):
        values["exclusive"] = exclusive
    return build(name, check_config(name, values)).double().train()


def objective(name: str, network: Network, **changes: Any) -> Objective:
    return OBJECTIVES[name](LossConfig(**changes), exclusive=network.exclusive)


def sample(n: int, seed: int = 0) -> tuple[Tensor, Tensor]:
    """Images (n, 3, 32, 32) and one-hot masks of the same shape."""
    rng = torch.Generator().manual_seed(seed)
    images = torch.randn(n, 3, 32, 32, generator=rng, dtype=torch.float64)
    classes = torch.randint(0, 3, (n, 32, 32), generator=rng)
    return images, F.one_hot(classes).movedim(-1, 1).double()


@pytest.mark.parametrize("name", NETWORKS)
@settings(max_examples=8)
@given(
    rows=st.lists(
        st.lists(st.booleans(), min_size=3, max_size=3).filter(any), min_size=2, max_size=2
    )
)
def test_the_content_of_an_absent_modality_changes_no_term_and_no_gradient(
    name: str, rows: list[tuple[bool, ...]]
) -> None:
    network = tiny(name)
    taught = objective(name, network)
    images, target = sample(2)
    present = torch.tensor(rows)
    other = torch.where(present[:, :, None, None], images, 1e3)
    found = []
    for x in (images, other):
        network.zero_grad()
        output = network(x, present)
        terms = taught.supervised(output, target, present) | taught.auxiliary(output, present)
        terms["pseudo"] = taught.pseudo(output, target, present)
        torch.stack(list(terms.values())).sum().backward()
        gradients = [p.grad for p in network.parameters() if p.grad is not None]
        found.append((terms, [g.clone() for g in gradients]))
    torch.testing.assert_close(found[0], found[1], rtol=0, atol=0)


@pytest.mark.parametrize("exclusive", [False, True])
def test_maml_adds_to_the_joint_answer_every_u_nets_own_at_every_size(exclusive: bool) -> None:
    network = tiny("maml", exclusive)
    images, target = sample(3)
    present = torch.tensor([[True, True, False], [True, False, False], [True, False, False]])
    output = network(images, present)
    assert isinstance(output, MamlOutput)
    terms = objective("maml", network).supervised(output, target, present)
    weights = deep_weights(3)
    assert weights == pytest.approx([2 / 3, 1 / 3, 0])

    def dice(logits: Tensor, masks: Tensor) -> Tensor:
        return dice_loss(logits, masks, batch=True, exclusive=exclusive)

    other, name = (ce_loss, "ce") if exclusive else (bce_loss, "bce")
    half = target[:, :, ::2, ::2]  # nearest
    own, deep = output.modality_logits, output.deep_logits
    assert set(own) == {0, 1}
    for key, f in (("dice", dice), (name, other)):
        torch.testing.assert_close(terms[key], weights[0] * f(output.logits, target))
        intra = weights[0] * (f(own[0], target) + f(own[1][:1], target[:1]))
        intra = intra + weights[1] * (f(deep[0][0], half) + f(deep[1][0][:1], half[:1]))
        torch.testing.assert_close(terms[f"intra {key}"], intra)
    assert set(terms) == {"dice", name, "intra dice", f"intra {name}"}


def test_every_u_net_learns_from_the_joint_answer() -> None:
    network = tiny("maml")
    images, target = sample(2)
    present = torch.ones(2, 3, dtype=torch.bool)
    terms = objective("maml", network).supervised(network(images, present), target, present)
    (terms["dice"] + terms["bce"]).backward()
    for unet in network.unets:  # type: ignore[union-attr]
        assert next(unet.parameters()).grad is not None


@pytest.mark.parametrize("exclusive", [False, True])
def test_simmlm_adds_the_loss_of_every_present_expert(exclusive: bool) -> None:
    network = tiny("simmlm", exclusive)
    images, target = sample(3)
    present = torch.tensor([[True, True, False], [True, False, False], [True, False, False]])
    output = network(images, present)
    assert isinstance(output, SimMlmOutput)
    terms = objective("simmlm", network, experts=0.5).supervised(output, target, present)
    small = F.avg_pool2d(target, 2)  # the share of each mask

    def dice(logits: Tensor, masks: Tensor) -> Tensor:
        return dice_loss(logits, masks, batch=True, exclusive=exclusive)

    other, name = (ce_loss, "ce") if exclusive else (bce_loss, "bce")
    own = output.expert_logits
    for key, f in (("dice", dice), (name, other)):
        torch.testing.assert_close(terms[key], f(output.logits, target))
        expected = 0.5 * (f(own[0], small) + f(own[1][:1], small[:1]))
        torch.testing.assert_close(terms[f"expert {key}"], expected)
    without = objective("simmlm", network, experts=0).supervised(output, target, present)
    assert set(without) == {"dice", name}


@pytest.mark.parametrize("exclusive", [False, True])
def test_two_subsets_of_a_sample_have_the_same_target_and_are_ranked(exclusive: bool) -> None:
    network = tiny("simmlm", exclusive)
    images, target = sample(2)
    more = torch.tensor([[True, True, True], [True, False, True]])
    fewer = torch.tensor([[True, False, True], [False, False, True]])
    taught = objective("simmlm", network, experts=0)
    assert isinstance(taught, SimMlmObjective)
    terms = taught.ranked(network(images, torch.stack([more, fewer])), target, more, fewer)
    one, two = network(images, more), network(images, fewer)
    for key, value in taught.supervised(one, target, more).items():
        other = taught.supervised(two, target, fewer)[key]
        torch.testing.assert_close(terms[key], (value + other) / 2)
    found = [costs(answer.logits, target, exclusive=exclusive) for answer in (one, two)]
    torch.testing.assert_close(terms["mofe"], 0.1 * ranking_loss(*found))
    same = taught.ranked(network(images, torch.stack([more, more])), target, more, more)
    assert same["mofe"] == 0
    off = objective("simmlm", network, mofe=0)
    assert isinstance(off, SimMlmObjective)
    assert "mofe" not in off.ranked(
        network(images, torch.stack([more, fewer])), target, more, fewer
    )


def test_linear_fusion_is_the_mean_over_streams_and_ensemble() -> None:
    network = tiny("linear-fusion", exclusive=True)
    images, target = sample(2)
    present = torch.tensor([[True, True, True], [True, False, True]])
    output = network(images, present)
    assert isinstance(output, LinearFusionOutput)
    terms = objective("linear-fusion", network).supervised(output, target, present)
    answers = [*output.stream_logits, output.logits]
    assert len(answers) == 4
    expected = torch.stack([ce_loss(a, target) for a in answers]).mean()
    torch.testing.assert_close(terms["ce"], expected)


@pytest.mark.parametrize("exclusive", [False, True])
def test_a_pseudo_label_is_the_most_likely_class_or_the_regions_above_one_half(
    exclusive: bool,
) -> None:
    logits = torch.tensor([2.0, -1.0, 0.5]).view(1, 3, 1)
    target = Objective(LossConfig(), exclusive=exclusive).pseudo_target(logits)
    assert target.flatten().tolist() == ([1, 0, 0] if exclusive else [1, 0, 1])


def test_without_specific_encoders_only_shared_features_are_used() -> None:
    values = {"modalities": 3, "out_channels": 3, "dims": 2} | NETWORKS["shaspec"]
    config = check_config("shaspec", values | {"specific_encoders": False})
    network = build("shaspec", config).double().train()
    images, target = sample(2)
    present = torch.tensor([[True, True, False], [True, False, True]])
    output = network(images, present)
    taught = objective("shaspec", network, domain=0)
    terms = taught.supervised(output, target, present) | taught.auxiliary(output, present)
    torch.stack(list(terms.values())).sum().backward()
    assert terms["alignment"] > 0
    assert terms["domain"] == 0
    assert not any("specific" in name for name, _ in network.named_parameters())
    assert all(p.grad is not None for p in network.parameters())


def test_hard_voxels_need_a_softmax() -> None:
    with pytest.raises(InputError, match=r'loss = "ohem".*exclusive'):
        Objective(LossConfig(loss="ohem"), exclusive=False)
    network = tiny("linear-fusion", exclusive=True)
    images, target = sample(2)
    present = torch.ones(2, 3, dtype=torch.bool)
    taught = objective("linear-fusion", network, loss="ohem")
    assert set(taught.supervised(network(images, present), target, present)) == {"ohem"}
