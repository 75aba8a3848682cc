"""The line about a subset has numbers of the card and of the case, and no others."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shaspec.analysis.judgement import all_scores, judgement, subset_scores
from shaspec.errors import InputError
from shaspec.models.card import Card, bundled_models, load_card
from shaspec.task import load_task

TASK = load_task("brats")
FULL = "+".join(TASK.names)
SCORES = {
    "fold 0, FLAIR+T1+T2": {"ET": 0.18, "TC": 0.4, "WT": 0.8},
    f"fold 0, {FULL}": {"ET": 0.64, "TC": 0.6, "WT": 0.81},
    "fold 0, mean of 15": {"ET": 0.33, "TC": 0.43, "WT": 0.66},
}


def card_with(scores: dict[str, dict[str, float]]) -> Card:
    return Card(
        name="some",
        title="Some",
        licence="none",
        method="shaspec",
        preset="light",
        network={},
        task=TASK,
        window=(32, 32, 32),
        instant_toggles=True,
        scores=scores,
    )


def test_the_region_that_loses_most_is_named_with_the_scores_of_the_card():
    assert judgement(card_with(SCORES), ("FLAIR", "T1", "T2")) == (
        "ET cannot be judged without T1ce: mean Dice of this model 0.18, with all modalities 0.64 "
        "(fold 0)."
    )


def test_with_all_modalities_the_worst_region_is_named():
    line = judgement(card_with(SCORES), TASK.names)
    expected = "TC is least reliable: mean Dice of this model with all modalities 0.60 (fold 0)."
    assert line == expected


@pytest.mark.parametrize(
    ("here", "full", "verdict"),
    [
        (0.49, 0.60, "ET cannot be judged without T1ce"),
        (0.50, 0.60, "ET is less reliable without T1ce"),
        (0.46, 0.50, "No region loses much without T1ce; ET"),
        (0.70, 0.60, "No region loses much without T1ce; ET"),
    ],
)
def test_the_verdict_follows_from_the_two_scores(here, full, verdict):
    subset = ("FLAIR", "T1", "T2")
    scores = {f"fold 0, {'+'.join(subset)}": {"ET": here}, f"fold 0, {FULL}": {"ET": full}}
    assert judgement(card_with(scores), subset).startswith(f"{verdict}: mean Dice")


@pytest.mark.parametrize(("full", "verdict"), [(0.49, "cannot be judged"), (0.5, "is least")])
def test_with_all_modalities_a_poor_region_is_called_so(full, verdict):
    line = judgement(card_with({f"fold 0, {FULL}": {"ET": full}}), TASK.names)
    assert line.startswith(f"ET {verdict}")


@given(st.floats(0, 1), st.floats(0, 1))
def test_the_verdict_agrees_with_the_numbers_in_the_line(here, full):
    subset = ("FLAIR", "T1", "T2")
    scores = {f"fold 0, {'+'.join(subset)}": {"ET": here}, f"fold 0, {FULL}": {"ET": full}}
    line = judgement(card_with(scores), subset)
    shown_here, shown_full = (float(text) for text in re.findall(r"\d\.\d\d", line))
    loses = round(shown_full - shown_here, 2) >= 0.05
    assert ("cannot be judged" in line) == (loses and shown_here < 0.5)
    assert ("less reliable" in line) == (loses and shown_here >= 0.5)
    line = judgement(card_with(scores), TASK.names)
    (shown_full,) = (float(text) for text in re.findall(r"\d\.\d\d", line))
    assert ("cannot be judged" in line) == (shown_full < 0.5)


def test_the_range_of_the_case_needs_two_subsets():
    sizes = {("T1",): {"ET": 0.0}, ("T1", "T1ce"): {"ET": 9.14}}
    present = ("FLAIR", "T1", "T2")
    line = judgement(card_with(SCORES), present, sizes, "mL")
    assert line.endswith(" From 2 subsets of this case: 0.0 to 9.1 mL.")
    alone = judgement(card_with(SCORES), present, {("T1",): {"ET": 0.0}}, "mL")
    assert alone == judgement(card_with(SCORES), present)


@pytest.mark.parametrize(
    "scores",
    [
        {},
        {"fold 0, mean of 15": {"ET": 0.3}},
        {"fold 0, FLAIR": {"ET": 0.3}},  # nothing to compare with
        {f"fold 0, {FULL}": {"ET": 0.3}},  # not of this subset
        {"fold 0, FLAIR": {"ET": 0.3}, f"fold 1, {FULL}": {"ET": 0.4}},  # of two models
        {"fold 0, FLAIR": {"loss": 0.3}, f"fold 0, {FULL}": {"loss": 0.4}},
        {"fold 0, FLAIR": {"ET": 0.3}, f"fold 0, {FULL}": {"WT": 0.4}},
    ],
)
def test_nothing_is_said_where_the_card_has_no_score(scores):
    assert judgement(card_with(scores), ("FLAIR",)) == ""
    assert subset_scores(card_with(scores), ("FLAIR",)) is None


def test_a_card_without_a_name_of_the_measurement_has_no_brackets():
    scores = {name.removeprefix("fold 0, "): row for name, row in SCORES.items()}
    assert "(" not in judgement(card_with(scores), ("FLAIR", "T1", "T2"))


@pytest.mark.parametrize("name", bundled_models())
def test_every_number_about_a_bundled_model_is_on_its_card(name):
    card = load_card(name)
    for subset in card.task.subsets():
        known = {f"{v:.2f}" for scores in card.scores.values() for v in scores.values()}
        where = next(iter(card.scores)).rpartition(", ")[0]
        line = judgement(card, subset)
        assert f"({where})" in line
        assert set(re.findall(r"\d\.\d\d\b", line)) <= known
        scores = subset_scores(card, subset)
        assert scores is not None
        lines = "\n".join(all_scores(scores))
        assert set(re.findall(r"\d\.\d\d\b", lines)) <= known
        assert all(region in lines for region in card.task.reported_regions)


def test_an_unknown_modality_is_refused():
    with pytest.raises(InputError, match="PET"):
        judgement(card_with(SCORES), ("PET",))
