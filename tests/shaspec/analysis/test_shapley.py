"""Shapley values satisfy their four axioms; the gain of adding a modality."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shaspec.analysis.shapley import contributions, gains, shapley_values
from shaspec.analysis.subset_table import DICE, VOLUME, subsets_of
from shaspec.errors import InputError

Game = tuple[tuple[str, ...], dict[tuple[str, ...], float]]
numbers = st.floats(-10, 10)


@st.composite
def games(draw: st.DrawFn, count: int = 0) -> Game:
    size = count or draw(st.integers(1, 5))
    players = tuple("abcde"[:size])
    coalitions = [*subsets_of(players), ()]
    values = draw(st.lists(numbers, min_size=len(coalitions), max_size=len(coalitions)))
    return players, dict(zip(coalitions, values, strict=True))


@given(games())
def test_shapley_values_add_up_to_the_total_gain(game: Game) -> None:
    players, value = game
    total = math.fsum(shapley_values(players, value).values())
    assert total == pytest.approx(value[players] - value[()], abs=1e-9)


@given(games(3), games(3), numbers, numbers)
def test_the_values_of_a_sum_of_games_are_the_sum_of_the_values(
    one: Game, two: Game, a: float, b: float
) -> None:
    players = one[0]
    both = {s: a * one[1][s] + b * two[1][s] for s in one[1]}
    first, second = shapley_values(players, one[1]), shapley_values(players, two[1])
    for player, found in shapley_values(players, both).items():
        assert found == pytest.approx(a * first[player] + b * second[player], abs=1e-6)


@given(games(3))
def test_a_player_that_never_changes_anything_gets_nothing(game: Game) -> None:
    players, value = game
    more = (*players, "null")
    extended = {s: value[tuple(p for p in s if p != "null")] for s in [*subsets_of(more), ()]}
    found = shapley_values(more, extended)
    assert found["null"] == pytest.approx(0, abs=1e-12)
    for player, share in shapley_values(players, value).items():
        assert found[player] == pytest.approx(share, abs=1e-9)


@given(st.lists(numbers, min_size=5, max_size=5))
def test_players_that_can_stand_in_for_each_other_get_the_same(by_size: list[float]) -> None:
    players = tuple("abcd")
    value = {s: by_size[len(s)] for s in [*subsets_of(players), ()]}
    found = shapley_values(players, value)
    assert all(v == pytest.approx(found["a"], abs=1e-9) for v in found.values())


def test_the_glove_game_has_its_textbook_solution() -> None:
    """One left glove, two right ones; a pair is worth 1: 2/3, 1/6, 1/6."""
    players = ("left", "right", "other right")
    value = {s: float("left" in s and len(s) > 1) for s in [*subsets_of(players), ()]}
    found = shapley_values(players, value)
    assert found == pytest.approx({"left": 2 / 3, "right": 1 / 6, "other right": 1 / 6})


def test_a_missing_or_infinite_subset_is_named() -> None:
    with pytest.raises(InputError, match="missing: b, the empty set"):
        shapley_values(("a", "b"), {("a", "b"): 1.0, ("a",): 0.5, ("b",): math.inf})


def test_a_modality_without_any_finding_has_shapley_value_0(session, run_sweep) -> None:
    table = run_sweep(session)
    dice, volume = contributions(table, DICE), contributions(table, VOLUME)
    for region in table.regions:
        assert dice[region]["T2"] == dice[region]["T1"] == 0
        assert sum(dice[region].values()) == pytest.approx(1.0)
        everything = table.row(table.modalities).values["ml"][region]
        assert sum(volume[region].values()) == pytest.approx(everything)
    assert dice["ET"]["T1ce"] == pytest.approx(1.0)


def test_the_best_modality_to_add_comes_first(session, run_sweep) -> None:
    table = run_sweep(session)
    found = gains(table, ["T1"], DICE)
    assert next(iter(found)) == "T1ce"
    assert set(found) == {"FLAIR", "T1ce", "T2"}
    before, after = table.row(["T1"]).values["dice"], table.row(["T1", "T1ce"]).values["dice"]
    assert found["T1ce"] == pytest.approx(sum(after[r] - before[r] for r in after) / 3)
    assert gains(table, table.modalities, DICE) == {}
    assert gains(table, ["T1"], VOLUME) == {}
    assert gains(run_sweep(session, [("T1",)]), ["T1", "T2"], DICE) == {}
