"""The state of the panel *Train*, as evented fields, and what its form says."""

from __future__ import annotations

import json
import tomllib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

from psygnal import SignalGroupDescriptor

from napari_shaspec.loss_curve import LossCurve
from napari_shaspec.work import JobWork
from shaspec.errors import InputError
from shaspec.training.config import TrainConfig, make_config
from shaspec.training.events import Step, Validation

CHECKPOINT, CONFIG, RUN_FILE, TASK_FILE = "checkpoint.pt", "config.json", "run.toml", "task.toml"


@dataclass(frozen=True)
class TrainForm:
    """What the user filled in. The defaults are a first try of two minutes, without data."""

    data: str = ""
    """Folder of labelled cases, or a list of them; empty: phantoms alone."""
    phantoms: int = 4
    task: str = ""
    """Empty: the one that the data fits, or else the first bundled one."""
    method: str = "shaspec"
    preset: str = "light"
    splits: str = ""
    """File of the held-out cases; empty: none are."""
    fold: int = 0
    minutes: float = 2.0
    """0: no limit; so with the steps."""
    steps: int = 0
    validate: float = 0.0
    """Minutes between two validations; 0: none."""
    device: str = "auto"
    out: str = ""
    more: str = ""
    """Other keys of the configuration as in its file, separated by semicolons."""


@dataclass(frozen=True)
class CaseRow:
    """One case that was found."""

    name: str
    present: frozenset[str]
    """Its modalities."""
    role: str
    """What becomes of it: ``train``, ``held out``, ``unlabelled``, ``not used``."""
    problem: str = ""


@dataclass(frozen=True)
class FoundCases:
    """What a look through the data found, before anything starts."""

    task: str
    """A bundled task by its name, or the text of a task file for the data."""
    modalities: tuple[str, ...]
    rows: tuple[CaseRow, ...]
    crop: tuple[int, ...] | None = None
    problems: tuple[str, ...] = ()
    """These keep the run from starting."""
    notices: tuple[str, ...] = ()

    @property
    def summary(self) -> str:
        """The cases in a sentence."""
        counts = dict.fromkeys(("train", "unlabelled", "held out", "not used"), 0)
        for row in self.rows:
            counts[row.role] += 1
        said = ", ".join(f"{n} {role}" for role, n in counts.items() if n)
        return f"{len(self.rows)} cases: {said}"


@dataclass(eq=False)
class TrainWork(JobWork):
    """Everything that the panel *Train* shows."""

    events: ClassVar[SignalGroupDescriptor] = SignalGroupDescriptor()

    form: TrainForm = TrainForm()
    cases: FoundCases | None = None
    looking: bool = False
    """The data is being looked through."""
    resumable: bool = False
    """The folder of the run holds a checkpoint."""
    curve: LossCurve = field(default_factory=LossCurve)
    """Of the run that goes on; it grows with every ``step``."""
    step: Step | None = None
    validations: tuple[Validation, ...] = ()
    """Of the same run, the newest last."""
    lines: tuple[str, ...] = ()
    """What happened, a sentence each, the newest last."""
    model: str = ""
    """Folder of the model that this panel has trained last."""


# -- the form and the configuration of a run -----------------------------------------------------


def settings(form: TrainForm, cases: FoundCases | None) -> dict[str, Any]:
    """The keys of the configuration that ``form`` stands for; raises `InputError`."""
    if not form.out:
        raise InputError("choose a folder for the run: it will hold log, checkpoint and model")
    out = Path(form.out).expanduser().absolute()
    values: dict[str, Any] = {
        "out": out,
        # Beside the run: other runs on the same cases find them prepared.
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
    """The checked configuration; raises `InputError` that names the key."""
    values = settings(form, cases)
    return make_config(values | {"task": str(values.get("task", "brats"))}, "the panel Train")


def _more(text: str) -> dict[str, Any]:
    try:
        return tomllib.loads(text.replace(";", "\n"))
    except tomllib.TOMLDecodeError as error:
        raise InputError(
            f"other settings {text!r}: {error}; write KEY = VALUE; KEY = VALUE as in a TOML file"
        ) from error


def stored_form(folder: Path, form: TrainForm) -> TrainForm:
    """``form`` with the settings of the run in ``folder``, so that it can be resumed."""
    path = folder / CONFIG
    if not path.is_file():
        return form
    try:
        stored = make_config(json.loads(path.read_text("utf-8")), str(path))
    except (OSError, ValueError) as error:
        raise InputError(f"{path} cannot be read: {error}") from error
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
    """The keys that have no place of their own in the form, where they are not the default."""
    from shaspec.training.scaffold import toml

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
