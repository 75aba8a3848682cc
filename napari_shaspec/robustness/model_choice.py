"""Choice of the models for a sweep."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from napari_shaspec.case.model_controller import NO_MODEL
from shaspec.errors import InputError, ShaspecError

if TYPE_CHECKING:
    from napari_shaspec.chosen_engine import ChosenEngine
    from shaspec.models.card import Card
    from shaspec.task import Task

CLASSES = (
    "{} is a classification model and has no regions to compare; use `shaspec sweep` to classify "
    "from every subset"
)


def fitting_models(
    wanted: Sequence[str], chosen: Sequence[str], cards: Mapping[str, Card]
) -> list[str]:
    """The models of ``wanted`` that share the task of the newest choice.

    Args:
        wanted: the models that the user ticked.
        chosen: the models that were ticked before.
        cards: model -> its card.

    Raises:
        InputError: a model predicts classes instead of regions.
    """
    classes = [model for model in wanted if cards[model].task.kind == "classification"]
    if classes:
        raise InputError(CLASSES.format(Path(classes[0]).name))
    newest = [model for model in wanted if model not in chosen] or [*wanted]
    return [m for m in wanted if _same_regions(cards[m].task, cards[newest[-1]].task)]


def current_cards(
    engine: ChosenEngine, cards: Mapping[str, Card], chosen: Sequence[str]
) -> tuple[dict[str, Card], str] | None:
    """Updates ``cards``, and adds the cards of new models.

    A model that was trained further has a new card; a model that was removed keeps its old card. If
    the models are those of another place, of the others only the chosen ones stay.

    Args:
        engine: lists the models.
        cards: model -> its card, those before.
        chosen: models that are ticked.

    Returns:
        Model -> card, and a warning for the user (empty: none); None: a server has not answered.
    """
    try:
        new = {model: engine.card(model) for model in engine.models()}
    except ShaspecError:
        return None
    moved = engine.moved()
    stay = chosen if moved else cards
    old = {m: new.get(m, card) for m, card in cards.items() if m in new or m in stay}
    if not cards and first_with_regions(new) is None:
        return new, NO_MODEL
    return old | new, engine.missing(chosen) if moved else ""


def first_with_regions(cards: Mapping[str, Card]) -> str | None:
    """The first segmentation model; None: there is none."""
    return next((m for m, card in cards.items() if card.task.kind == "segmentation"), None)


def _same_regions(one: Task, other: Task) -> bool:
    return (one.names, one.regions) == (other.names, other.regions)
