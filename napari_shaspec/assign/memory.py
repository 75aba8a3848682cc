"""Roles that a user chose for file names, kept in napari's preferences for the next case.

A name is stored as its pattern (`shaspec.io.names.pattern`): the words that tell how an image was
acquired, without the patient. The oldest choices are dropped when there are too many.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass

from napari_shaspec.settings import section
from shaspec.io.names import task_vocabulary
from shaspec.io.names.pattern import OTHER, pattern_of
from shaspec.io.naming import LABELS, stem
from shaspec.io.roles import UNUSED
from shaspec.task import Task

MOST = 200  # patterns of all tasks


@dataclass(frozen=True)
class Remembered:
    """What the user chose for a name like this one."""

    role: str
    exact: bool
    """False: the name has unknown words, which may matter."""


def remembered(name: str, task: Task) -> Remembered | None:
    """The role that was chosen for files that are called like ``name``; None: there is none."""
    pattern = pattern_of(stem(name), task_vocabulary(task))
    role = _all().get(_key(pattern, task)) if pattern else None
    if role not in (*task.names, LABELS, UNUSED):
        return None
    return Remembered(role, OTHER not in pattern.split())


def remember(chosen: Mapping[str, str], task: Task) -> None:
    """Stores file name -> role. Names of one pattern with different roles are forgotten."""
    kept = section("cases")
    if kept is None:
        return
    by_pattern: dict[str, set[str]] = {}
    for name, role in chosen.items():
        pattern = pattern_of(stem(name), task_vocabulary(task))
        if pattern:
            by_pattern.setdefault(_key(pattern, task), set()).add(role)
    patterns = {key: role for key, role in _all().items() if key not in by_pattern}
    patterns |= {key: min(roles) for key, roles in by_pattern.items() if len(roles) == 1}
    kept.roles = json.dumps(dict(list(patterns.items())[-MOST:]))


def _key(pattern: str, task: Task) -> str:
    return f"{task.name}: {pattern}"


def _all() -> dict[str, str]:
    """Task and pattern -> role; empty if nothing is stored or the setting is invalid."""
    kept = section("cases")
    try:
        return {str(key): str(role) for key, role in json.loads(kept.roles).items()}
    except (AttributeError, ValueError, TypeError, RecursionError):
        return {}
