"""Every bundled model segments the phantom of its task, also with a modality missing."""

from __future__ import annotations

import pytest

from shaspec.evaluation.metrics import dice
from shaspec.inference.session import InferenceSession
from shaspec.models.card import bundled_models, load_card
from shaspec.models.weights import load_model
from shaspec.phantom import DEMO_SEED, TASKS, make_case


@pytest.mark.parametrize("name", bundled_models())
def test_a_model_without_real_cases_says_that_it_is_a_demonstration(name: str) -> None:
    card = load_card(name)
    only_phantoms = not card.training_cases
    assert ("demonstration" in card.title) == only_phantoms
    assert ("synthetic" in card.description) >= only_phantoms


@pytest.mark.slow
@pytest.mark.parametrize("name", bundled_models())
def test_a_bundled_model_finds_its_largest_region_in_a_phantom_without_one_modality(
    name: str,
) -> None:
    model = load_model(name)
    task = model.card.task
    assert task.name in TASKS
    spacing = tuple(2 * mm for mm in task.spacing)
    shape = {"brats": (52, 64, 56), "liver-ct": (36, 40, 56)}[task.name]
    case = make_case(DEMO_SEED + 1, shape, spacing, task.name)
    session = InferenceSession(model, case, device="cpu")
    *_, last = session.predict(task.names[1:])
    found, true = (task.region_masks(labels) for labels in (last.prediction.labels, case.labels))
    largest = max(range(len(task.regions)), key=lambda k: len(task.regions[k].labels))
    assert dice(found[largest], true[largest]) > 0.4
