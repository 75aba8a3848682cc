"""Summaries of model cards."""

from __future__ import annotations

from shaspec.models.calibration import Calibration
from shaspec.models.card import Card, Start, Training, load_card
from shaspec.models.summary import card_lines, is_calibrated, method_of, score_table, source_of
from shaspec.task import Task


def a_card(task: Task, **more: object) -> Card:
    return Card(
        name="x", title="X", licence="none", method="shaspec", preset="light", network={},
        task=task, window=(8, 8, 8), instant_toggles=True, **more,
    )  # fmt: skip


def test_scores_are_a_table_by_subset() -> None:
    card = load_card("zero-fill")
    table = score_table(card)
    assert table is not None
    assert (table.where, table.columns) == ("fold 0", ("ET", "TC", "WT"))
    rows = dict(table.rows)
    assert len(rows) == 16
    scores = card.scores["fold 0, FLAIR+T2"]
    assert rows["FLAIR+T2"] == (scores["ET"], scores["TC"], scores["WT"])


def test_scores_of_several_places_keep_their_names() -> None:
    task = load_card("shaspec").task
    card = a_card(task, scores={"fold 0, T1": {"WT": 0.5}, "elsewhere": {"ET": 0.25, "extra": 1}})
    table = score_table(card)
    assert table is not None
    assert table.where == ""
    assert table.columns == ("ET", "WT", "extra")
    assert table.rows == (("fold 0, T1", (None, 0.5, None)), ("elsewhere", (0.25, None, 1.0)))
    assert score_table(a_card(task)) is None


def test_a_card_says_who_was_seen() -> None:
    task = load_card("shaspec").task
    training = Training(cases=("a", "b"), unlabelled=("b",), phantoms="seeds 1 to 9")
    lines = dict(card_lines(a_card(task, training=training), 7.4))
    assert lines["Trained on"] == ("2 real cases, 1 of them without labels; phantoms, seeds 1 to 9")
    assert lines["Cases seen"] == "a, b"
    assert lines["Size"].endswith("7 MB")
    assert "Training" not in lines
    assert dict(card_lines(a_card(task), 0))["Trained on"] == "the card does not say"


def test_a_card_says_how_its_network_was_trained_and_from_what() -> None:
    task = load_card("shaspec").task
    taught = a_card(task, training=Training(method="m3l", start=Start(name="s", sha256="1b6b")))
    lines = dict(card_lines(taught, 0))
    assert lines["Method"] == "shaspec by m3l, light"
    assert lines["Started from"] == "s, checksum 1b6b"
    own = a_card(task, training=Training(method="shaspec"))
    assert method_of(own) == method_of(a_card(task)) == "shaspec"
    assert "Started from" not in dict(card_lines(own, 0))


def test_where_a_model_comes_from() -> None:
    card = load_card("shaspec")
    assert source_of("shaspec", card) == "bundled"
    assert source_of("/some/folder", card) == "trained"
    assert source_of("/some/folder", card.model_copy(update={"preset": "official"})) == "imported"


def test_a_card_says_how_it_was_calibrated() -> None:
    task = load_card("shaspec").task
    plain = a_card(task)
    assert "Calibration" not in dict(card_lines(plain, 1))
    assert not is_calibrated(plain)
    fitted = {"temperature": {"ET": 1.5, "WT": 1.25}, "cases": ("anna", "bert")}
    for held_out, said in (
        (True, "fitted on 2 held-out cases by models of the same settings"),
        (False, "fitted on 2 training cases by models of the same settings; does not hold"),
    ):
        calibration = Calibration(**fitted, held_out=held_out, models=("abc",))
        card = a_card(task, calibration=calibration)
        line = dict(card_lines(card, 1))["Calibration"]
        assert line.startswith(f"temperature ET 1.50, WT 1.25; {said}")
        assert is_calibrated(card) is held_out
