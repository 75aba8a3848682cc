"""Models with older cards read files with the current conventions."""

from __future__ import annotations

from shaspec.conventions import with_conventions
from shaspec.models.card import bundled_models, load_card
from shaspec.task import load_task

BRATS = load_task("brats")


def test_an_older_task_gets_todays_conventions_and_keeps_everything_else() -> None:
    old = BRATS.reordered(BRATS.names[::-1], ()).at((1.5, 1.5, 1.5))
    bare = tuple(m.model_copy(update={"words": ()}) for m in old.modalities)
    now = with_conventions(old.model_copy(update={"modalities": bare, "schemes": ()}))
    assert now.schemes == BRATS.schemes
    assert now.names == BRATS.names[::-1]
    assert now.spacing == (1.5, 1.5, 1.5)
    assert {m.name: m.words for m in now.modalities} == {m.name: m.words for m in BRATS.modalities}


def test_a_task_of_other_labels_or_name_stays_as_it_is() -> None:
    own = BRATS.model_copy(update={"name": "own", "schemes": ()})
    fewer = BRATS.model_copy(update={"labels": BRATS.labels[:2], "schemes": ()})
    assert with_conventions(own) == own
    assert with_conventions(fewer) == fewer


def test_bundled_models_know_all_schemes_of_their_task() -> None:
    for name in bundled_models():
        task = load_card(name).task
        assert task.schemes == load_task(task.name).schemes
