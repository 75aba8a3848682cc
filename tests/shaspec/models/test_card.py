"""Model cards: start models, and cards of earlier versions."""

from __future__ import annotations

import json

from shaspec.models.card import Card, Start, Training, load_card


def a_card(name: str, training: Training) -> Card:
    update = {"name": name, "sha256": name * 20, "training": training}
    return load_card("shaspec").model_copy(update=update)


def test_a_case_with_labels_in_one_of_two_trainings_counts_as_labelled() -> None:
    start = Training(cases=("a", "b", "c"), unlabelled=("a", "b"))
    mine = Training(cases=("d", "a", "b", "c"), unlabelled=("b", "c", "d"))
    both = mine.after(a_card("s", start))
    assert both.cases == ("d", "a", "b", "c")
    assert both.unlabelled == ("d", "b")


def test_namesakes_keep_their_fingerprints_over_generations() -> None:
    hashes = [{"T1": str(k)} for k in range(3)]
    trainings = [Training(cases=("39",), fingerprints={"39": known}) for known in hashes]
    second = trainings[1].after(a_card("x", trainings[0]))
    third = trainings[2].after(a_card("y", second))
    assert third.cases == ("39",)
    kept = {"39": hashes[2], "39@yyyyyyyyyyyy": hashes[1], "39@xxxxxxxxxxxx": hashes[0]}
    assert third.fingerprints == kept
    assert third.start == Start(name="y", sha256="y" * 20)


def test_the_same_case_with_more_modalities_is_one() -> None:
    start = Training(fingerprints={"39": {"T1": "1", "T2": "2"}})
    mine = Training(fingerprints={"39": {"T1": "1", "FLAIR": "3"}})
    both = mine.after(a_card("s", start))
    assert both.fingerprints == {"39": {"T1": "1", "FLAIR": "3", "T2": "2"}}


def test_phantoms_of_both_are_named_once() -> None:
    first = Training(phantoms="seeds 1 to 2")
    second = Training(phantoms="seeds 5 to 6").after(a_card("s", first))
    assert second.phantoms == "seeds 5 to 6 and seeds 1 to 2"
    assert first.after(a_card("t", second)).phantoms == "seeds 1 to 2 and seeds 5 to 6"


def test_minutes_and_steps_are_those_of_the_last_run() -> None:
    start = Training(minutes=70, steps=2000, command="first", method="shaspec")
    mine = Training(minutes=1, steps=10, command="second", method="m3l", config={"seed": 1})
    both = mine.after(a_card("s", start))
    assert (both.minutes, both.steps, both.command) == (1, 10, "second")
    assert (both.method, both.config) == ("m3l", {"seed": 1})


def test_a_card_from_before_there_were_these_fields_is_read() -> None:
    content = json.loads(load_card("shaspec").model_dump_json())
    for key in ("start", "method", "config"):
        del content["training"][key]
    card = Card.model_validate(content)
    assert card.training.start is None
    assert (card.training.method, card.training.config) == ("", {})
    assert card.training.cases
