"""Events of a training run. `as_json` makes a line of ``shaspec train --json``, `from_json` reads
it."""

from __future__ import annotations

import json
import re
from dataclasses import asdict, dataclass
from functools import cache
from typing import Any, get_args

from pydantic import TypeAdapter


@dataclass(frozen=True)
class Preparing:
    """``done`` of ``total`` cases are in the cache."""

    done: int
    total: int


@dataclass(frozen=True)
class Prepared:
    """The data is prepared; training starts or resumes at step ``step``."""

    cases: int
    phantoms: int
    held_out: int
    notices: tuple[str, ...]
    """Notices for the user, e.g. about cases without labels."""
    step: int
    left_out: tuple[str, ...] = ()
    """Cases that cannot be used, each with the reason."""


@dataclass(frozen=True)
class Step:
    """A training step is done."""

    step: int
    """Optimizer steps so far."""
    minutes: float
    """Minutes of training so far."""
    progress: float
    """Used share of the budget, 0 to 1."""
    losses: dict[str, float]
    """Loss term -> value of this step."""


@dataclass(frozen=True)
class Checkpoint:
    """A checkpoint was written; an interrupted run resumes at ``step``."""

    step: int
    path: str


@dataclass(frozen=True)
class Validating:
    """Progress of a validation, 0 to 1."""

    progress: float


@dataclass(frozen=True)
class Validation:
    """Result of validating the averaged weights on cases not used for training."""

    step: int
    """Optimizer steps so far."""
    minutes: float
    """Minutes of training so far."""
    cases: tuple[str, ...]
    """Names of the cases."""
    dice: dict[str, dict[str, float]]
    """Subset -> region -> Dice, 0 to 1: mean over the cases that have the subset."""
    picture: str
    """PNG file of a slice of the first case: image, ground truth and predictions."""


@dataclass(frozen=True)
class Finished:
    """Training is done; the model is in ``folder``."""

    step: int
    minutes: float
    folder: str


@dataclass(frozen=True)
class Failed:
    """The run ended with an error; emitted by the command."""

    message: str


TrainingEvent = (
    Preparing | Prepared | Step | Checkpoint | Validating | Validation | Finished | Failed
)


def as_json(event: TrainingEvent) -> str:
    """One JSON line: the fields of ``event``, and its name in lower case as ``event``."""
    return json.dumps({"event": _name(type(event)), **asdict(event)})


def from_json(line: str) -> TrainingEvent | None:
    """The event of a line of `as_json`; None for other lines, e.g. printed by a library."""
    try:
        fields = json.loads(line)
        event: TrainingEvent = _kinds()[fields.pop("event")].validate_python(fields)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return None
    return event


@cache
def _kinds() -> dict[str, TypeAdapter[Any]]:
    """Name of an event -> what checks its fields."""
    return {_name(kind): TypeAdapter(kind) for kind in get_args(TrainingEvent)}


def _name(kind: type) -> str:
    return re.sub(r"(?<!^)(?=[A-Z])", "-", kind.__name__).lower()
