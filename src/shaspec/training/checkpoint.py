"""Checkpoints of a run, written atomically.

Random numbers are functions of (seed, purpose, step), so no generator state is stored.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

import torch

from shaspec.errors import InputError, ShaspecError
from shaspec.files.reading import is_file, open_regular
from shaspec.files.writing import replacing
from shaspec.memory import is_out_of_memory
from shaspec.training.config import TrainConfig, make_config
from shaspec.training.prepared import PreparedCase

CHECKPOINT = "checkpoint.pt"

# Settings that may change when a run is resumed. They do not affect what the network learns, except
# the budget, which a user extends on purpose, and the learning rate, lowered after a NaN loss.
FREE = {
    "max_minutes", "max_steps", "checkpoint_minutes", "workers", "prepare_workers", "device",
    "cache", "out", "name", "tensorboard", "validate_every_minutes", "validate_cases",
    "validate_subsets", "learning_rate",
}  # fmt: skip


class Stateful(Protocol):
    """Part of a run with a state: a network, an optimizer, a loss scaler."""

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
    """Writes a checkpoint to a temporary file and moves it in place.

    Args:
        path: of the checkpoint.
        config: of the run.
        step: steps done.
        minutes: minutes done.
        cases: the training cases, to detect a change on resuming.
        parts: name -> network, optimizer and other parts.

    Raises:
        ShaspecError: writing failed, e.g. on a full disk; the previous checkpoint is kept.
    """
    state = {"step": step, "minutes": minutes, "config": config.model_dump_json()}
    state |= {"cases": json.dumps(_content(cases))}
    state |= {name: part.state_dict() for name, part in parts.items()}
    try:
        with replacing(path) as file:
            torch.save(state, file)
    except (InputError, RuntimeError) as error:  # torch raises RuntimeError for a full disk
        raise ShaspecError(
            f"the checkpoint of step {step} cannot be written ({error}); {last_good(path)}; free "
            "disk space and run the same command again"
        ) from error


def load_checkpoint(
    path: Path,
    config: TrainConfig,
    cases: Sequence[PreparedCase],
    parts: Mapping[str, Stateful],
) -> tuple[int, float]:
    """Loads the checkpoint, if there is one, into ``parts``.

    Returns:
        Steps and minutes done so far; zeros without a checkpoint.

    Raises:
        InputError: the checkpoint cannot be read, or belongs to another configuration or other
            cases.
    """
    if not is_file(path):
        return 0, 0.0
    state = _read(path)
    stored = state["config"]
    readable = {key: stored[key] for key in TrainConfig.model_fields if key in stored}
    before = make_config(readable, str(path))
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
    except (
        KeyError,
        RuntimeError,
        ValueError,
        TypeError,
    ) as error:  # other tensors or parameter groups
        if is_out_of_memory(error):
            raise
        raise InputError(_foreign(path)) from error
    return state["step"], state["minutes"]


def _content(cases: Sequence[PreparedCase]) -> dict[str, str]:
    """Name of a case -> its content, in order. A phantom is determined by its name."""
    return {c.name: "" if c.phantom else f"{c.folder.name} {c.labelled}" for c in cases}


def _same_cases(path: Path, mine: dict[str, str], theirs: dict[str, str] | None) -> None:
    """Raises `InputError` if the cases changed: an added case may be held out elsewhere, and the
    card lists only the current cases. In another order, the run would draw other samples."""
    if theirs is None or list(mine.items()) == list(theirs.items()):
        return  # None: written by a version that did not store them
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
    """The last good checkpoint, as part of an error message."""
    if not is_file(path):
        return "there is no checkpoint yet"
    return f"the last good checkpoint is {path}, of step {_read(path)['step']}"


def _read(path: Path) -> dict[str, Any]:
    """Reads a checkpoint and decodes its JSON entries; the parts are not checked yet."""
    try:
        with open_regular(path) as file:
            state = torch.load(file, map_location="cpu", weights_only=True)
    except Exception as error:
        if is_out_of_memory(error):
            raise
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
