"""Run folders: choosing a new one, writing and reading the files that describe a run."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from napari_shaspec.train.state import FoundCases, TrainForm
from shaspec.errors import InputError
from shaspec.files.reading import exists, is_file, parse_toml, read_json
from shaspec.files.writing import write_atomically
from shaspec.training.config import TrainConfig, make_config

CHECKPOINT, CONFIG, RUN_FILE, TASK_FILE = "checkpoint.pt", "config.json", "run.toml", "task.toml"


def folder_of(form: TrainForm) -> Path:
    """The run folder in the form; ``~`` is the folder of the user.

    `Path.expanduser` raises for the folder of an unknown user.
    """
    return Path(os.path.expanduser(form.out))


def new_folder(parent: Path) -> Path:
    """A path ``run-N`` in ``parent`` that does not exist yet."""
    number = 1
    while exists(parent / f"run-{number}"):
        number += 1
    return parent / f"run-{number}"


def write_run(out: Path, values: dict[str, Any], cases: FoundCases | None) -> None:
    """Writes ``run.toml`` with all keys explained, and ``task.toml`` if the task is not bundled."""
    from shaspec.training.templates import config_text

    if cases is not None and "\n" in cases.task and not exists(out / TASK_FILE):
        write_atomically(out / TASK_FILE, cases.task.encode())
    write_atomically(out / RUN_FILE, config_text(values).encode())


def settings(form: TrainForm, cases: FoundCases | None) -> dict[str, Any]:
    """The configuration keys of ``form``; raises `InputError`."""
    if not form.out:
        raise InputError("no run folder: choose a folder for log, checkpoint and model")
    out = folder_of(form).absolute()
    values: dict[str, Any] = {
        "out": out,
        # In the parent folder, so that other runs on the same cases reuse the prepared cases.
        "cache": out.parent / ".shaspec-cache",
        "method": form.method,
        "preset": form.preset,
        "phantoms": form.phantoms,
        "max_minutes": form.minutes or None,
        "max_steps": form.steps or None,
        "validate_every_minutes": form.validate or None,
        "device": form.device,
        "data": Path(form.data).absolute() if form.data else None,
        "task": form.task or None,
    }
    if form.splits:
        values |= {"splits": Path(form.splits).absolute(), "fold": form.fold}
    if cases is not None:
        own = "\n" in cases.task
        values |= {"task": out / TASK_FILE if own else cases.task, "crop": cases.crop}
    given = {key: value for key, value in values.items() if value is not None}
    return given | _more(form.more)


def config(form: TrainForm, cases: FoundCases | None) -> TrainConfig:
    """The validated configuration; raises `InputError` that names the key."""
    values = settings(form, cases)
    return make_config(values | {"task": str(values.get("task", "brats"))}, "the panel Train")


def _more(text: str) -> dict[str, Any]:
    try:
        return parse_toml(text.replace(";", "\n"), "Other settings")
    except InputError as error:
        raise InputError(f"{error}; write KEY = VALUE; KEY = VALUE as in a TOML file") from error


def stored_form(folder: Path, form: TrainForm) -> TrainForm:
    """``form`` with the settings of the run in ``folder``, to resume it."""
    path = folder / CONFIG
    if not is_file(path):
        return form
    content = read_json(path)
    if not isinstance(content, dict):
        raise InputError(f"{path}: holds no settings of a run; choose another run folder")
    stored = make_config(content, str(path))
    return TrainForm(
        data=str(stored.data or ""),
        phantoms=stored.phantoms,
        task=stored.task,
        method=stored.method,
        preset=stored.preset,
        splits=str(stored.splits or ""),
        fold=stored.fold or 0,
        minutes=stored.max_minutes or 0.0,
        steps=stored.max_steps or 0,
        validate=stored.validate_every_minutes,
        device=stored.device,
        out=str(folder),
        more=_others(stored),
    )


def _others(stored: TrainConfig) -> str:
    """The non-default keys that have no field in the form, as text of the field *Other*."""
    from shaspec.training.templates import toml

    own = {
        "out", "data", "phantoms", "task", "method", "preset", "splits", "fold", "max_minutes",
        "max_steps", "validate_every_minutes", "device", "cache",
    }  # fmt: skip
    values = {key: value for key, value in stored if key not in own}
    fields = TrainConfig.model_fields
    return "; ".join(
        f"{key} = {toml(value)}"
        for key, value in values.items()
        if value != fields[key].get_default(call_default_factory=True)
    )
