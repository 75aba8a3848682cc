"""More-versus-fewer ranking: compared subsets and the loss."""

from __future__ import annotations

from collections import Counter

import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st

from shaspec.training.losses import bce_loss, ce_loss, dice_loss
from shaspec.training.mofe import costs, draw_pairs, ranking_loss
from shaspec.training.subsets import RULES, Rule

rows_of = st.lists(
    st.lists(st.booleans(), min_size=4, max_size=4).filter(any), min_size=1, max_size=5
)
costs_of = st.lists(st.floats(0, 5, allow_subnormal=False), min_size=6, max_size=6).map(
    lambda values: torch.tensor(values, dtype=torch.float64).view(2, 1, 3)
)
quick = settings(max_examples=30)


@quick
@given(rows_of, st.sampled_from(list(RULES)), st.integers(0, 10**6))
def test_fewer_is_strictly_within_more_wherever_the_rule_has_such_a_pair(
    rows: list[list[bool]], rule: Rule, step: int
) -> None:
    available, numbers = torch.tensor(rows), range(len(rows))
    more, fewer = draw_pairs(available, rule, (0, 2, step), numbers)
    assert fewer.any(dim=1).all()
    assert (fewer <= more).all()
    assert (more <= available).all()
    strict = (more != fewer).any(dim=1)
    several = (available.sum(dim=1) > 1) & torch.tensor(rule != "full")
    assert torch.equal(strict, several)
    alone = [draw_pairs(available[[k]], rule, (0, 2, step), [k]) for k in numbers]
    assert torch.equal(more, torch.cat([m for m, _ in alone]))
    assert torch.equal(fewer, torch.cat([f for _, f in alone]))


def test_all_nested_pairs_of_four_modalities_are_drawn_equally_often() -> None:
    available = torch.ones(3000, 4, dtype=torch.bool)
    more, fewer = draw_pairs(available, "uniform", (0,), range(3000))
    pairs = Counter(
        (tuple(a), tuple(b)) for a, b in zip(more.tolist(), fewer.tolist(), strict=True)
    )
    assert len(pairs) == 50
    assert min(pairs.values()) > 30
    assert max(pairs.values()) < 95


def test_a_dedicated_model_sees_only_its_subset() -> None:
    available = torch.ones(3, 4, dtype=torch.bool)
    for seen in draw_pairs(available, (0, 2), (0,), range(3)):
        assert seen.tolist() == 3 * [[True, False, True, False]]


@given(costs_of, costs_of)
def test_the_loss_is_zero_exactly_where_more_costs_no_more(
    a: torch.Tensor, b: torch.Tensor
) -> None:
    assert ranking_loss(torch.minimum(a, b), b) == 0
    assert ranking_loss(a, a) == 0
    worse = (a > b).any()
    assert (ranking_loss(a, b) > 0) == worse
    # What one order costs above the other is the difference of the costs themselves.
    difference = ranking_loss(a, b) - ranking_loss(b, a)
    torch.testing.assert_close(difference, (a - b).sum() / 3)


@given(st.permutations(range(4)), st.integers(0, 1000))
def test_the_order_of_the_samples_does_not_matter(order: list[int], seed: int) -> None:
    rng = torch.Generator().manual_seed(seed)
    more, fewer = (torch.rand(2, 4, 3, generator=rng, dtype=torch.float64) for _ in range(2))
    found = ranking_loss(more[:, order], fewer[:, order])
    torch.testing.assert_close(found, ranking_loss(more, fewer))


def test_a_gradient_step_improves_only_the_answer_that_ranks_wrongly() -> None:
    target = torch.zeros(1, 2, 8, 8, dtype=torch.float64)
    target[:, :, 2:6, 2:6] = 1
    sure = 6 * target - 3
    # Region 0: more is unsure, fewer is right. Region 1: the other way round.
    more = torch.cat([sure[:, :1] / 10, sure[:, 1:]], dim=1).requires_grad_()
    fewer = torch.cat([sure[:, :1], sure[:, 1:] / 10], dim=1).requires_grad_()
    before = costs(more, target)
    loss = ranking_loss(before, costs(fewer, target))
    loss.backward()  # type: ignore[no-untyped-call]
    assert more.grad is not None
    assert fewer.grad is not None
    assert not more.grad[:, 1].any()
    assert not fewer.grad[:, 1].any()
    after = costs((more - more.grad).detach(), target)
    assert (after[:, :, 0] < before[:, :, 0]).all()
    held_back = costs((fewer - fewer.grad).detach(), target)
    assert (held_back[:, :, 0] > costs(fewer, target)[:, :, 0]).all()


@pytest.mark.parametrize("exclusive", [False, True])
def test_the_costs_of_samples_and_regions_have_the_segmentation_loss_as_their_mean(
    exclusive: bool,
) -> None:
    rng = torch.Generator().manual_seed(0)
    logits = torch.randn(3, 4, 8, 8, generator=rng, dtype=torch.float64)
    target = F.one_hot(torch.randint(0, 4, (3, 8, 8), generator=rng)).movedim(-1, 1).double()
    dice, entropy = costs(logits, target, exclusive=exclusive, smooth=5.0)
    assert dice.shape == (3, 1 if exclusive else 4)
    expected = dice_loss(logits, target, exclusive=exclusive, smooth=5.0)
    torch.testing.assert_close(dice.mean(), expected)
    other = ce_loss(logits, target) if exclusive else bce_loss(logits, target) / 4
    torch.testing.assert_close(entropy.mean(), other)
