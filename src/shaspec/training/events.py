"""What a training run tells whoever drives it; `as_json` is a line of ``shaspec train --json``."""

from __future__ import annotations

import json
import re
from dataclasses import asdict, dataclass


@dataclass(frozen=True)
class Preparing:
    """``done`` of ``total`` cases are in the cache."""

    done: int
    total: int


@dataclass(frozen=True)
class Prepared:
    """The data is there; training begins, or goes on from step ``step``."""

    cases: int
    phantoms: int
    held_out: int
    problems: tuple[str, ...]
    """What a user should know, e.g. cases without labels, which are not used."""
    step: int


@dataclass(frozen=True)
class Step:
    """What the loop tells after every step."""

    step: int
    minutes: float
    progress: float
    """Share of the budget that is used, 0 to 1."""
    losses: dict[str, float]


@dataclass(frozen=True)
class Checkpoint:
    """A run that is cut off from now on resumes at ``step``."""

    step: int
    path: str


@dataclass(frozen=True)
class Finished:
    """The model is in ``folder``."""

    step: int
    minutes: float
    folder: str


@dataclass(frozen=True)
class Failed:
    """The run ended early, with a message for a user; said by the command, which catches it."""

    message: str


Event = Preparing | Prepared | Step | Checkpoint | Finished | Failed


def as_json(event: Event) -> str:
    """One line: the fields of ``event``, and its name in lower case as ``event``."""
    name = re.sub(r"(?<!^)(?=[A-Z])", "-", type(event).__name__).lower()
    return json.dumps({"event": name, **asdict(event)})
