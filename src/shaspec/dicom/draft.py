"""A first choice of series, for a user to complete in a window."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass

from shaspec.dicom.roles import NONE, Proposal, choose
from shaspec.errors import InputError, UndecidedError
from shaspec.task import Task


@dataclass(frozen=True)
class Draft:
    """The series that are certain, and what a user has to decide."""

    series: Mapping[str, str]
    """Modality -> number of its series."""
    doubt: str
    """The first open question, as a sentence without its end; empty if nothing is open."""


def draft(proposals: Sequence[Proposal], task: Task) -> Draft:
    """As `choose`, but modalities in doubt are left out instead of raising an error.

    Args:
        proposals: of `propose`.
        task: the modalities.

    Returns:
        The certain choices, and the doubt.
    """
    open_roles: set[str] = set()
    try:
        chosen = choose(proposals, task).series
        return Draft({role: series.key for role, series in chosen.items()}, "")
    except UndecidedError as error:
        doubt = error.doubt
        open_roles = {role for value in error.choices.values() for role in value}
    except InputError as error:
        doubt = str(error)
    certain: dict[str, str] = {}
    for role in set(task.names) - open_roles:
        others = {name: NONE for name in task.names if name != role}
        with suppress(InputError):
            certain[role] = choose(proposals, task, others).series[role].key
    return Draft({role: certain[role] for role in task.names if role in certain}, doubt)
