"""Which subsets a training step sees."""

from __future__ import annotations

from collections import Counter

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from shaspec.training.methods import draw_presence


@given(
    st.lists(st.lists(st.booleans(), min_size=4, max_size=4).filter(any), min_size=1, max_size=5),
    st.sampled_from(["uniform", "by-size", "full"]),
    st.integers(0, 10**6),
)
def test_a_drawn_subset_is_never_empty_and_never_more_than_there_is(
    rows: list[list[bool]], rule: str, step: int
) -> None:
    available = torch.tensor(rows)
    present = draw_presence(available, rule, (0, 2, step))
    assert present.any(dim=1).all()
    assert not (present & ~available).any()
    assert torch.equal(present, draw_presence(available, rule, (0, 2, step)))


@pytest.mark.parametrize(("rule", "full"), [("uniform", 1 / 15), ("by-size", 1 / 4)])
def test_the_share_of_full_sets_is_what_the_rule_says(rule: str, full: float) -> None:
    available = torch.ones(3000, 4, dtype=torch.bool)
    drawn = Counter(tuple(r) for r in draw_presence(available, rule, (0,)).tolist())
    assert len(drawn) == 15
    assert drawn[True, True, True, True] / 3000 == pytest.approx(full, abs=0.03)
