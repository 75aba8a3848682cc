"""What a run needs to go on as if nothing had happened: written whole or not at all.

Random numbers are functions of (seed, purpose, step), so the step is all that is kept of them.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

import torch

from shaspec.errors import InputError, ShaspecError
from shaspec.inference.memory import is_out_of_memory
from shaspec.training.config import TrainConfig, make_config
from shaspec.training.prepare import PreparedCase

CHECKPOINT = "checkpoint.pt"

# What may change when a run is resumed: none of it changes what the network learns, but for the
# budget, which a user extends on purpose, and the learning rate, lowered where the loss went wild.
FREE = {
    "max_minutes", "max_steps", "checkpoint_minutes", "workers", "prepare_workers", "device",
    "cache", "out", "name", "tensorboard", "validate_every_minutes", "validate_cases",
    "validate_subsets", "learning_rate",
}  # fmt: skip


class Stateful(Protocol):
    """Part of a run that changes while it goes on: a network, an optimizer, a loss scaler."""

    def state_dict(self) -> dict[str, Any]: ...

    def load_state_dict(self, state_dict: dict[str, Any]) -> Any: ...


def save_checkpoint(
    path: Path,
    config: TrainConfig,
    step: int,
    minutes: float,
    cases: Sequence[PreparedCase],
    parts: Mapping[str, Stateful],
) -> None:
    """Write ``parts`` to a temporary file and move it in place.

    Raises `ShaspecError` if that fails, e.g. on a full disk; the checkpoint before stays as it was.
    """
    state = {"step": step, "minutes": minutes, "config": config.model_dump_json()}
    state |= {"cases": json.dumps(_content(cases))}
    state |= {name: part.state_dict() for name, part in parts.items()}
    temporary = path.with_suffix(".tmp")
    try:
        with temporary.open("wb") as file:
            torch.save(state, file)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    except (OSError, RuntimeError) as error:  # torch's own writer turns a full disk into the latter
        temporary.unlink(missing_ok=True)
        raise ShaspecError(
            f"the checkpoint of step {step} cannot be written ({error}); {last_good(path)}; make "
            "room and run the same command again"
        ) from error


def load_checkpoint(
    path: Path,
    config: TrainConfig,
    cases: Sequence[PreparedCase],
    parts: Mapping[str, Stateful],
) -> tuple[int, float]:
    """Put a checkpoint, if there is one, into ``parts``: steps and minutes done so far.

    Raises `InputError` if it cannot be read or belongs to another configuration or other cases.
    """
    if not path.is_file():
        return 0, 0.0
    state = _read(path)
    stored = state["config"]
    known = {key: stored[key] for key in TrainConfig.model_fields if key in stored}
    before = make_config(known, str(path))
    mine, theirs = (c.model_dump(mode="json", exclude=FREE) for c in (config, before))
    changed = [key for key in mine if mine[key] != theirs[key]]
    if changed:
        raise InputError(
            f"{path} belongs to a run with another configuration ({', '.join(changed)}): use "
            "another folder for out, or delete the checkpoint to start again"
        )
    _same_cases(path, _content(cases), state["cases"])
    try:
        for name, part in parts.items():
            part.load_state_dict(state[name])
    except (KeyError, RuntimeError, ValueError, TypeError) as error:  # other tensors, other groups
        if is_out_of_memory(error):
            raise
        raise InputError(_foreign(path)) from error
    return state["step"], state["minutes"]


def _content(cases: Sequence[PreparedCase]) -> dict[str, str]:
    """Name of a case -> what it holds, in order. A phantom is what its seed says."""
    return {c.name: "" if c.phantom else f"{c.folder.name} {c.labelled}" for c in cases}


def _same_cases(path: Path, mine: dict[str, str], theirs: dict[str, str] | None) -> None:
    """The case that was added may be one that is held out elsewhere, and the card names only those
    of today. In another order, the same numbers would draw other samples."""
    if theirs is None or list(mine.items()) == list(theirs.items()):
        return  # the former: of a version that did not keep them
    if mine == theirs:
        raise InputError(
            f"{path} belongs to a run on the same cases in another order: restore the order, use "
            "another folder for out, or delete the checkpoint to start again"
        )
    differ = sorted(name for name in {*mine, *theirs} if mine.get(name) != theirs.get(name))
    more = f" and {len(differ) - 4} more" if len(differ) > 4 else ""
    raise InputError(
        f"{path} belongs to a run on other cases ({', '.join(differ[:4])}{more} added, removed or "
        "changed): restore them, use another folder for out, or delete the checkpoint to start "
        "again"
    )


def last_good(path: Path) -> str:
    """What is left after a failure, as part of a sentence."""
    if not path.is_file():
        return "there is no checkpoint yet"
    return f"the last good checkpoint is {path}, of step {_read(path)['step']}"


def _read(path: Path) -> dict[str, Any]:
    """What is stored, its JSON unpacked; the parts are still to be looked at."""
    try:
        state = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:
        raise InputError(
            f"{path} cannot be read as a checkpoint ({type(error).__name__}): use another folder "
            "for out, or delete the checkpoint to start again"
        ) from error
    try:
        unpacked: dict[str, Any] = {
            **state,
            "step": int(state["step"]),
            "minutes": float(state["minutes"]),
            "config": dict(json.loads(state["config"])),
            "cases": json.loads(state.get("cases", "null")),
        }
    except (LookupError, TypeError, ValueError, AttributeError) as error:
        raise InputError(_foreign(path)) from error
    return unpacked


def _foreign(path: Path) -> str:
    return (
        f"{path} is not a checkpoint of this version of shaspec train: use another folder for out, "
        "or delete the checkpoint to start again"
    )
