"""The model card written by a run."""

from __future__ import annotations

from pathlib import Path

import pytest

from shaspec.models.card import Card, load_card
from shaspec.models.registry import build, network_config
from shaspec.task import Task
from shaspec.training.config import make_config
from shaspec.training.model_export import export_model
from shaspec.training.prepared import PreparedCase

SMALL = {"init_filters": 8, "blocks_down": (1, 1), "blocks_up": (1,)}


def card_after(folder: Path, task: Task, seeds: tuple[int, ...], start: Card | None = None) -> Card:
    """Of a run on phantoms."""
    values = {"out": folder, "method": "zero-fill", "network": SMALL, "phantoms": 9}
    config = make_config(values | {"max_steps": 1})
    network = build("zero-fill", network_config("zero-fill", "light", task, **SMALL))
    cases = [PreparedCase(f"phantom-{seed}", True, folder) for seed in seeds]
    export_model(config, task, network, cases, 1, 0.0, "", start)
    return load_card(folder)


@pytest.mark.parametrize(
    ("seeds", "text"),
    [((3, 4, 5), "seeds 3 to 5"), ((5, 3), "seeds 3, 5"), ((7,), "seeds 7 to 7"), ((), "")],
)
def test_the_card_names_the_phantoms_that_took_part(
    seeds: tuple[int, ...], text: str, brats: Task, tmp_path: Path
) -> None:
    assert card_after(tmp_path, brats, seeds).training.phantoms == text


def test_a_run_into_the_folder_where_it_is_called_names_its_model_after_that(
    brats: Task, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert card_after(Path("."), brats, (1,)).name == tmp_path.name


def test_the_licence_of_the_start_model_applies_to_the_new_model(
    brats: Task, tmp_path: Path
) -> None:
    bundled = load_card("zero-fill")
    assert card_after(tmp_path / "a", brats, (1,), bundled).licence == "research use only"
    strict = bundled.model_copy(update={"licence": "ask us"})
    second = card_after(tmp_path / "b", brats, (1,), strict)
    assert second.licence == "research use only; of zero-fill: ask us"
    assert card_after(tmp_path / "c", brats, (1,), second).licence == second.licence
