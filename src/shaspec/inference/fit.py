"""Whether a model can read a case at all: the same modalities, the same number of axes."""

from __future__ import annotations

from shaspec.case import Case
from shaspec.errors import InputError
from shaspec.models.card import Card


def check_fit(card: Card, case: Case) -> None:
    """Refuse a case of another task than that of the model.

    Args:
        card: the card of the model.
        case: a case of any task.

    Raises:
        InputError: if the modalities or the number of axes differ; the message names both.
    """
    task = card.task
    if case.task.names != task.names:
        raise InputError(
            f"model {card.name!r} works on {', '.join(task.names)}; case {case.name} has the "
            f"modalities of task {case.task.name!r}: {', '.join(case.task.names)}"
        )
    if case.grid.dims != task.dims:
        raise InputError(
            f"model {card.name!r} works in {task.dims}D; case {case.name} has {case.grid.dims} axes"
        )
