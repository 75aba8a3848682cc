"""A case of another task than the chosen model's: which of the listed models fits it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from napari_shaspec.engine import Engine
from napari_shaspec.layers.metadata import origin
from shaspec.errors import ShaspecError
from shaspec.task import Task

if TYPE_CHECKING:
    from napari.layers import Layer

CHOSEN = "{case} is a case of task {task}, so model {model} was chosen."


def model_for(layer: Layer, task: Task | None, models: Iterable[str], engine: Engine) -> str:
    """The model to choose for a layer that was added.

    Args:
        layer: any layer.
        task: that of the chosen model.
        models: names or folders, in the order of the list.
        engine: reads the cards.

    Returns:
        The first model of the task of the layer; empty if the layer is not a modality of a case,
        the chosen model has this modality, or there is no such model.
    """
    facts = origin(layer)
    modality, task_name = facts.get("modality", ""), facts.get("task")
    if task is None or facts.get("kind") != "modality" or task_name in (None, task.name):
        return ""
    if modality in task.names:  # e.g. a task file of the user's own with the same sequences
        return ""
    return next((model for model in models if _fits(model, task_name, modality, engine)), "")


def _fits(model: str, task: str | None, modality: str, engine: Engine) -> bool:
    try:
        of_model = engine.card(model).task
    except ShaspecError:  # e.g. a folder that was removed; choosing it says so
        return False
    return of_model.name == task and modality in of_model.names
