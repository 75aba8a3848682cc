"""Which subsets a training step sees."""

from __future__ import annotations

from collections import Counter

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from shaspec.errors import InputError
from shaspec.task import Task
from shaspec.training.subsets import RULES, draw_presence, parse_rule


@given(
    st.lists(st.lists(st.booleans(), min_size=4, max_size=4).filter(any), min_size=1, max_size=5),
    st.sampled_from(list(RULES)),
    st.integers(0, 10**6),
)
def test_a_drawn_subset_is_not_empty_and_has_only_available_modalities(
    rows: list[list[bool]], rule: str, step: int
) -> None:
    available = torch.tensor(rows)
    present = draw_presence(available, rule, (0, 2, step), range(len(rows)))
    assert present.any(dim=1).all()
    assert not (present & ~available).any()
    assert torch.equal(present, draw_presence(available, rule, (0, 2, step), range(len(rows))))


@pytest.mark.parametrize(
    ("rule", "subsets", "full"),
    [("uniform", 15, 1 / 15), ("by-size", 15, 1 / 4), ("one-absent", 5, 1 / 5), ("full", 1, 1)],
)
def test_the_share_of_full_subsets_follows_the_rule(rule: str, subsets: int, full: float) -> None:
    available = torch.ones(3000, 4, dtype=torch.bool)
    drawn = Counter(tuple(r) for r in draw_presence(available, rule, (0,), range(3000)).tolist())
    assert len(drawn) == subsets
    assert drawn[True, True, True, True] / 3000 == pytest.approx(full, abs=0.03)


def test_a_dedicated_model_sees_only_its_subset(brats: Task) -> None:
    rule = parse_rule("t2+FLAIR", brats)
    available = torch.tensor([[True, True, True, True], [False, True, False, True]])
    present = draw_presence(available, rule, (0,), range(2))
    assert present.tolist() == [[True, False, False, True], [False, False, False, True]]


def test_an_unknown_rule_is_refused_with_the_known_ones(brats: Task) -> None:
    with pytest.raises(InputError, match=r"'sometimes' is neither one of uniform, by-size.*FLAIR"):
        parse_rule("sometimes", brats)
