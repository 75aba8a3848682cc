"""What a training run tells whoever drives it; `as_json` is a line of ``shaspec train --json``,
`from_json` reads it."""

from __future__ import annotations

import json
import re
from dataclasses import asdict, dataclass
from typing import get_args


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
    notices: tuple[str, ...]
    """What a user should know, e.g. cases without labels, which are not used."""
    step: int
    left_out: tuple[str, ...] = ()
    """Cases that cannot be used, each with the reason."""


@dataclass(frozen=True)
class Step:
    """What the loop tells after every step."""

    step: int
    """Optimizer steps so far."""
    minutes: float
    """Minutes of training so far."""
    progress: float
    """Share of the budget that is used, 0 to 1."""
    losses: dict[str, float]
    """Loss term -> value of this step."""


@dataclass(frozen=True)
class Checkpoint:
    """A run that is cut off from now on resumes at ``step``."""

    step: int
    path: str


@dataclass(frozen=True)
class Validating:
    """The share of a validation that is done, 0 to 1."""

    progress: float


@dataclass(frozen=True)
class Validation:
    """How good the averaged weights are on cases that training does not see."""

    step: int
    """Optimizer steps so far."""
    minutes: float
    """Minutes of training so far."""
    cases: tuple[str, ...]
    """Names of the cases."""
    dice: dict[str, dict[str, float]]
    """Subset -> region -> Dice, 0 to 1: the mean over those of the cases that have the subset."""
    picture: str
    """A PNG file: a slice of the first case, its truth and what is predicted."""


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


Event = Preparing | Prepared | Step | Checkpoint | Validating | Validation | Finished | Failed


def as_json(event: Event) -> str:
    """One line: the fields of ``event``, and its name in lower case as ``event``."""
    return json.dumps({"event": _name(type(event)), **asdict(event)})


def from_json(line: str) -> Event | None:
    """The event of a line of `as_json`; None for anything else, e.g. what a library prints."""
    try:
        fields = json.loads(line)
        kind = {_name(kind): kind for kind in get_args(Event)}[fields.pop("event")]
        values = {k: tuple(v) if isinstance(v, list) else v for k, v in fields.items()}
        event: Event = kind(**values)
    except (ValueError, KeyError, TypeError, AttributeError):
        return None
    return event


def _name(kind: type) -> str:
    return re.sub(r"(?<!^)(?=[A-Z])", "-", kind.__name__).lower()
