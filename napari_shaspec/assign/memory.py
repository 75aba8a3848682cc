"""Roles that a user chose for file names, kept in napari's preferences for the next case.

A name is stored as its pattern (`shaspec.io.names.pattern`): the words that tell how an image was
acquired, without the patient. Of a 4D file every channel is stored with its number and their count;
names without such words share one pattern there, so that the user is asked each time. The oldest
choices are dropped when there are too many.
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
Named = tuple[str, str]
"""A file name, and the part of the file or nothing."""


@dataclass(frozen=True)
class Remembered:
    """What the user chose for a name like this one."""

    role: str
    exact: bool
    """False: the name has unknown words, which may matter."""


def remembered(name: str, task: Task, part: str = "") -> Remembered | None:
    """The role chosen earlier for files named like ``name``; None if there is none.

    ``part``: of the file, e.g. ``channel 2 of 4``.
    """
    pattern = _pattern(name, task, part)
    role = _all().get(_key(pattern, task)) if pattern else None
    if role not in (*task.names, LABELS, UNUSED):
        return None
    return Remembered(role, OTHER not in pattern.split() and not pattern.startswith("channel"))


def remember(chosen: Mapping[Named, str], task: Task) -> None:
    """Stores (file name, part) -> role. Names of one pattern with different roles are forgotten."""
    kept = section("cases")
    if kept is None:
        return
    by_pattern: dict[str, set[str]] = {}
    for (name, part), role in chosen.items():
        pattern = _pattern(name, task, part)
        if pattern:
            by_pattern.setdefault(_key(pattern, task), set()).add(role)
    patterns = {key: role for key, role in _all().items() if key not in by_pattern}
    patterns |= {key: min(roles) for key, roles in by_pattern.items() if len(roles) == 1}
    kept.roles = json.dumps(dict(list(patterns.items())[-MOST:]))


def _pattern(name: str, task: Task, part: str) -> str:
    return f"{pattern_of(stem(name), task_vocabulary(task))} {part}".strip()


def _key(pattern: str, task: Task) -> str:
    return f"{task.name}: {pattern}"


def _all() -> dict[str, str]:
    """Task and pattern -> role; empty if nothing is stored or the setting is invalid."""
    kept = section("cases")
    try:
        return {str(key): str(role) for key, role in json.loads(kept.roles).items()}
    except (AttributeError, ValueError, TypeError, RecursionError):
        return {}
